"""The labelling screen. Each write works as a plain form (answered by a redirect) and from the page's script (JSON)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from labeller.annotation import page, selectors, services
from labeller.annotation.by_script import refused, wants_json
from labeller.annotation.export import CONTENT_TYPES, lines
from labeller.annotation.forms import AnswerForm, LeaveForm, UndoForm
from labeller.annotation.given_labels import refuse_unsaid
from labeller.annotation.guidelines_news import guidelines_news
from labeller.annotation.room import room_for
from labeller.projects.access import Access, LabellerRequest, answers_project_for, labelling_project_for
from labeller.projects.guidelines import render as render_guidelines


@require_GET
def label(request: LabellerRequest, slug: str) -> HttpResponse:
    access = labelling_project_for(request, slug)
    project, user = access.project, request.user
    known = list(project.labels.all())
    labels = [label for label in known if label.on_offer]
    served = services.serve(project=project, annotator=user, afresh=True) if labels else []
    texts = [page.text_of(project, text) for text in served]
    progress = _progress(access, request)
    names = {label.pk: label.name for label in known}
    context = {
        "project": project,
        "membership": access.membership,
        "section": "label",
        "labels": page.label_rows(labels, texts[0] if texts else None),
        "current": texts[0] if texts else None,
        "key": uuid.uuid4(),
        "progress": progress,
        "last": page.last_rows(progress["last"], names),
        "filter": len(labels) >= page.FILTER_FROM,
        "room": room_for(project),
        "guidelines": render_guidelines(project.guidelines),
        "described": [label for label in labels if label.description],
        "shown_number": project.guidelines_number,
        "news": guidelines_news(project, user, shown=project.guidelines_number),
        "data": page.script_data(project, user, labels, texts, progress),
    }
    response = render(request, "annotation/label.html", context)
    patch_cache_control(response, no_store=True)  # on "back", the text in hand now, not the one of an hour ago
    return response


@require_GET
def label_guidelines(request: LabellerRequest, slug: str) -> HttpResponse:
    """The line that says that the guidelines changed, for a page that shows version `shown` of them and has `told` of
    version `told`. Empty (204) when there is nothing to say anew."""
    access = labelling_project_for(request, slug)
    shown, told = (_small_number(request.GET.get(name, "")) for name in ("shown", "told"))
    news = guidelines_news(access.project, request.user, shown=shown)
    if told == (news.version.number if news else 0):
        return HttpResponse(status=204)
    context = {"project": access.project, "news": news, "shown_number": shown}
    return render(request, "annotation/_guidelines_news.html", context)


@require_POST
def label_next(request: LabellerRequest, slug: str) -> HttpResponse:
    access = labelling_project_for(request, slug)
    return JsonResponse({"texts": _texts(access, request)})


@require_POST
def label_answer(request: LabellerRequest, slug: str) -> HttpResponse:
    access = labelling_project_for(request, slug)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _refused(request, slug, form.sentence())
    given = form.given()
    try:
        refuse_unsaid(access.project, given.status, given.label_ids, none=form.cleaned_data["none"])
        annotation, served = services.answer_and_serve(project=access.project, annotator=request.user, given=given)
    except services.AnswerRefused as error:
        return _refused(request, slug, str(error))
    if not wants_json(request):
        return redirect("label", slug)
    texts = [page.text_of(access.project, text) for text in served]
    return JsonResponse({"saved": str(annotation.key), "texts": texts})


@require_POST
def label_undo(request: LabellerRequest, slug: str) -> HttpResponse:
    access = labelling_project_for(request, slug)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _refused(request, slug, _("The answer to undo was not named by its key."))
    try:
        undone = services.undo(project=access.project, annotator=request.user, key=form.cleaned_data["key"])
    except services.UndoRefused as error:
        return _refused(request, slug, str(error))
    if not wants_json(request):
        if undone is None:
            messages.info(request, _("There is no answer of yours to undo."))
        return redirect("label", slug)
    served = services.serve(project=access.project, annotator=request.user, shown=_shown(request))
    if undone is not None:  # its text first, though it may have been handed out after the others
        served.sort(key=lambda text: text.document_id != undone.document_id)
    texts = [page.text_of(access.project, text) for text in served]
    if undone is not None and served and served[0].document_id == undone.document_id:
        texts[0]["begun"] = page.begun_of(undone)
    return JsonResponse({"undone": str(undone.key) if undone else None, "texts": texts})


@require_POST
def label_status(request: LabellerRequest, slug: str) -> HttpResponse:
    """The page says that it is still open: its leases are renewed; it learns today's figures."""
    access = labelling_project_for(request, slug)
    held = services.renew(project=access.project, annotator=request.user)
    texts = [page.text_of(access.project, text) for text in held]
    return JsonResponse({"texts": texts, "progress": _progress(access, request)})


@require_POST
def label_leave(request: LabellerRequest, slug: str) -> HttpResponse:
    """The page is being left: the texts it held are for others. Browsers send this when they like, or never."""
    access = labelling_project_for(request, slug)
    form = LeaveForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": str(form.errors["held"][0])}, status=422)
    services.give_back(project=access.project, annotator=request.user, held=form.cleaned_data["held"])
    return HttpResponse(status=204)


@require_GET
def export_labels(request: LabellerRequest, slug: str, file_format: str) -> HttpResponseBase:
    """For managers, and for readers without how long each person worked, which is nowhere told to them."""
    access = answers_project_for(request, slug)
    found = lines(access.project, file_format, with_times=access.membership.may_manage)
    response = StreamingHttpResponse(found, content_type=CONTENT_TYPES[file_format])
    response["Content-Disposition"] = f'attachment; filename="{slug}-labels.{file_format}"'
    return response


def _small_number(asked: str) -> int:
    return int(asked) if asked.isdecimal() and len(asked) < 10 else 0


def _shown(request: HttpRequest) -> int | None:
    """The version of the guidelines on the page that asks for texts; None where it does not say."""
    told = request.POST.get("guidelines")
    return None if told is None else _small_number(told)


def _progress(access: Access, request: LabellerRequest) -> dict[str, Any]:
    last = selectors.last_answers(access.project, request.user, page.UNDO_REACHES)
    return page.progress_of(selectors.progress(access.project, request.user), last)


def _texts(access: Access, request: LabellerRequest) -> list[dict[str, Any]]:
    served = services.serve(project=access.project, annotator=request.user, shown=_shown(request))
    return [page.text_of(access.project, text) for text in served]


def _refused(request: HttpRequest, slug: str, sentence: str) -> HttpResponse:
    return refused(request, sentence, "label", slug)

"""The labelling screen. Each write works as a plain form (answered by a redirect) and from the page's script (JSON)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET, require_POST

from labeller.annotation import page, selectors, services
from labeller.annotation.export import CONTENT_TYPES, lines
from labeller.annotation.forms import AnswerForm, ReleaseForm, UndoForm
from labeller.projects.access import Access, LabellerRequest, answers_project_for, labelling_project_for
from labeller.projects.guidelines import render as render_guidelines


@require_GET
def label(request: LabellerRequest, slug: str) -> HttpResponse:
    access = labelling_project_for(request, slug)
    project, user = access.project, request.user
    labels = list(project.labels.all())
    served = services.serve(project=project, annotator=user) if labels else []
    texts = [page.text_of(project, text) for text in served]
    progress = page.progress_of(selectors.progress(project, user), selectors.last_answers(project, user))
    names = {label.pk: label.name for label in labels}
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
        "guidelines": render_guidelines(project.guidelines),
        "data": page.script_data(project, user, labels, texts, progress),
    }
    response = render(request, "annotation/label.html", context)
    patch_cache_control(response, no_store=True)  # on "back", the text in hand now, not the one of an hour ago
    return response


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
    try:
        annotation, served = services.answer_and_serve(
            project=access.project, annotator=request.user, given=form.given()
        )
    except services.AnswerRefused as error:
        return _refused(request, slug, str(error))
    if not _wants_json(request):
        return redirect("label", slug)
    texts = [page.text_of(access.project, text) for text in served]
    return JsonResponse({"saved": str(annotation.key), "texts": texts})


@require_POST
def label_undo(request: LabellerRequest, slug: str) -> HttpResponse:
    access = labelling_project_for(request, slug)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _refused(request, slug, "The answer to undo was not named by its key.")
    try:
        undone = services.undo(project=access.project, annotator=request.user, key=form.cleaned_data["key"])
    except services.UndoRefused as error:
        return _refused(request, slug, str(error))
    if not _wants_json(request):
        if undone is None:
            messages.info(request, "There is no answer of yours to undo.")
        return redirect("label", slug)
    served = services.serve(project=access.project, annotator=request.user)
    if undone is not None:  # its text first, though it may have been handed out after the others
        served.sort(key=lambda text: text.document_id != undone.document_id)
    texts = [page.text_of(access.project, text) for text in served]
    return JsonResponse({"undone": str(undone.key) if undone else None, "texts": texts})


@require_POST
def label_status(request: LabellerRequest, slug: str) -> HttpResponse:
    """The page says that it is still open: its leases are renewed; it learns today's figures."""
    access = labelling_project_for(request, slug)
    held = services.renew(project=access.project, annotator=request.user)
    progress = selectors.progress(access.project, request.user)
    last = selectors.last_answers(access.project, request.user)
    texts = [page.text_of(access.project, text) for text in held]
    return JsonResponse({"texts": texts, "progress": page.progress_of(progress, last)})


@require_POST
def label_release(request: LabellerRequest, slug: str) -> HttpResponse:
    """The page was left: what it held goes to others at once. Sent by a beacon, which hears no answer."""
    access = labelling_project_for(request, slug)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": form.sentence()}, status=422)
    services.release(project=access.project, annotator=request.user, lease_keys=form.cleaned_data["lease"])
    return HttpResponse(status=204)


@require_GET
def export_labels(request: LabellerRequest, slug: str, file_format: str) -> HttpResponseBase:
    access = answers_project_for(request, slug)
    response = StreamingHttpResponse(lines(access.project, file_format), content_type=CONTENT_TYPES[file_format])
    response["Content-Disposition"] = f'attachment; filename="{slug}-labels.{file_format}"'
    return response


def _texts(access: Access, request: LabellerRequest) -> list[dict[str, Any]]:
    served = services.serve(project=access.project, annotator=request.user)
    return [page.text_of(access.project, text) for text in served]


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _refused(request: HttpRequest, slug: str, sentence: str) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"error": sentence}, status=422)
    messages.error(request, sentence)
    return redirect("label", slug)

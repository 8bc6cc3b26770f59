"""One's own answers: the list, and each of them to look at and change. Pages, and parts beside the text being read."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labeller.annotation import history, page, services
from labeller.annotation.by_script import refused, wants_json
from labeller.annotation.forms import ChangeForm, WantedForm
from labeller.annotation.given_labels import refuse_unsaid
from labeller.annotation.models import Annotation
from labeller.annotation.said import said
from labeller.annotation.selectors import label_sets
from labeller.projects.access import Access, LabellerRequest, labelling_project_for
from labeller.projects.models import Label

PAGE = 25  # answers


@require_GET
def answers(request: LabellerRequest, slug: str) -> HttpResponse:
    access = labelling_project_for(request, slug)
    form = WantedForm(request.GET, list(access.project.labels.all()))
    wanted = form.wanted()
    found = Paginator(history.answers_of(access.project, request.user, wanted), PAGE).get_page(request.GET.get("page"))
    names = {label.pk: label.name for label in access.project.labels.all()}
    given = label_sets([row.pk for row in found])
    for row in found:  # merged labels by what they became
        row.given = [(pk, names.get(pk, _("a deleted label"))) for pk in given.get(row.pk, ())]  # type: ignore[attr-defined]
    context = {"found": found, "form": form, "wanted": wanted}
    return _page_or_part(request, access, "answers", context)


@require_http_methods(["GET", "POST"])
def answer(request: LabellerRequest, slug: str, key: uuid.UUID) -> HttpResponse:
    access = labelling_project_for(request, slug)
    is_theirs, current = history.answer_of(access.project, request.user, key)
    if not is_theirs and wants_json(request):  # its text was deleted: a script that waits is to give up
        return refused(request, _("This answer is gone with its text, so there is nothing to change."), "answers", slug)
    if not is_theirs:
        raise Http404("No such answer among yours.")
    if request.method == "POST":
        return _change(request, access, current.key if current else key)
    if current is None:
        messages.info(request, _("You have taken this answer back meanwhile."))
        return redirect("answers", slug)
    given = set(label_sets([current.pk]).get(current.pk, ()))
    labels = [label for label in access.project.labels.all() if label.on_offer or label.pk in given]
    context = {
        "answer": current,
        "said": _said(current),
        "given": given,
        "labels": labels,
        "key": uuid.uuid4(),
        "opened": timezone.now().isoformat(),
        "many": len(labels) >= page.FILTER_FROM,
    }
    return _page_or_part(request, access, "answer", context)


def _change(request: LabellerRequest, access: Access, key: uuid.UUID) -> HttpResponse:
    back = ("answer-change", access.project.slug, key)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return refused(request, form.sentence(), *back)
    said_now = form.said()
    try:
        refuse_unsaid(access.project, said_now.status, said_now.label_ids, none=form.cleaned_data["none"])
        changed = services.change(project=access.project, annotator=request.user, answer_key=key, said=said_now)
    except services.AnswerRefused as error:
        return refused(request, str(error), *back)
    if wants_json(request):
        return JsonResponse({"said": _told(changed)})
    messages.success(request, _told(changed))
    return redirect("answers", access.project.slug)


def _told(changed: services.Changed) -> str:
    before, after = _said(changed.before), _said(changed.after)
    if changed.before == changed.after:
        told = _("Nothing was changed: %(after)s.")
    elif before != after:
        told = _("Changed from %(before)s to %(after)s.")
    else:
        told = _("Comment changed; the answer stays %(after)s.")
    return told % {"before": before, "after": after}


def _said(annotation: Annotation) -> str:
    """Merged labels by what they became."""
    given = label_sets([annotation.pk]).get(annotation.pk, ())
    names = dict(Label.objects.filter(pk__in=given).values_list("pk", "name"))
    return said(annotation.status, given, names)


def _page_or_part(request: LabellerRequest, access: Access, name: str, context: dict[str, object]) -> HttpResponse:
    template = f"annotation/_{name}.html" if request.htmx else f"annotation/{name}.html"
    about = {"project": access.project, "membership": access.membership, "section": "label", "part": bool(request.htmx)}
    response = render(request, template, about | context)
    patch_cache_control(response, no_store=True)
    return response

"""The review: texts on which somebody has to decide, one at a time, for managers. Plain forms; each has a key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from labeller.annotation import review_page, reviewing
from labeller.annotation.doubts import mark_of
from labeller.annotation.forms import WholeNumbersField
from labeller.annotation.given_labels import AnswerRefused, refuse_unsaid
from labeller.annotation.models import Annotation
from labeller.annotation.review_page import Draft
from labeller.annotation.review_selectors import QUEUES, decided
from labeller.annotation.review_turns import shared_out
from labeller.annotation.review_waiting import waiting
from labeller.annotation.undoing import UndoRefused
from labeller.corpus.models import Document
from labeller.projects.access import Access, LabellerRequest, managed_project_for
from labeller.projects.guidelines import render as render_guidelines

DECIDED_A_PAGE = 50
BIGGEST = 2**31


class WhereForm(forms.Form):
    """Which queue, and how many of its texts were left for later. Whatever is not one of these counts as not said."""

    of = forms.ChoiceField(required=False, choices=[(key, key) for key in (*QUEUES, "decided")])
    at = forms.IntegerField(required=False, min_value=0, max_value=BIGGEST)


class DecisionForm(forms.Form):
    key = forms.UUIDField()
    seen = forms.CharField(required=False, max_length=100)
    label = WholeNumbersField(required=False)
    comment = forms.CharField(required=False)
    none = forms.BooleanField(required=False)
    seconds = forms.FloatField(required=False, min_value=0)

    def labels(self) -> tuple[int, ...]:
        chosen: tuple[int, ...] = () if self.cleaned_data["none"] else self.cleaned_data["label"]
        return chosen


class KeepForm(forms.Form):
    """How the text stood, and its newest answer, when the page was made. What is not said was not seen."""

    seen = forms.CharField(required=False, max_length=100)
    newest = forms.IntegerField(required=False, min_value=0)


class KeyForm(forms.Form):
    key = forms.UUIDField()


@require_GET
def review(request: LabellerRequest, slug: str) -> HttpResponse:
    """The next text of a queue; the one before it when the last ones were left."""
    access = managed_project_for(request, slug)
    tabs = review_page.tabs(access.project)
    of, at = _where(request)
    of = of or review_page.first_with_work(tabs)
    context: dict[str, Any] = {"tabs": tabs, "of": of, "at": 0}
    if of == "decided":
        return _decided_list(request, access, context)
    waiting = next(tab.count for tab in tabs if tab.key == of)
    context["at"] = at if at < waiting else 0
    texts = shared_out(QUEUES[of].texts(access.project), access.project, request.user)
    document = texts[context["at"] : context["at"] + 1].first() if waiting else None
    return _page(request, access, document, context | {"queue": QUEUES[of], "waiting": waiting})


@require_GET
def count(request: LabellerRequest, slug: str) -> HttpResponse:
    """The number in the menu, asked for by each page once it stands: no page waits for it. 204 where none waits."""
    access = managed_project_for(request, slug)
    n = waiting(access.project, now="now" in request.GET)
    return render(request, "annotation/_review_waiting.html", {"n": n}) if n else HttpResponse(status=204)


@require_GET
def review_text(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    """Any text of the project, to decide it or to change a decision."""
    access = managed_project_for(request, slug)
    document = get_object_or_404(Document, project=access.project, pk=pk)
    of, at = _where(request)
    return _page(request, access, document, {"tabs": review_page.tabs(access.project), "of": of, "at": at})


@require_POST
def decide(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    access = managed_project_for(request, slug)
    document = get_object_or_404(Document, project=access.project, pk=pk)
    form = DecisionForm(request.POST)
    of, at = _where(request)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        told = _("The decision could not be read: %(field)s: %(error)s") % {"field": name, "error": errors[0]}
        messages.error(request, told)
        return _text(slug, pk, of, at)
    reason = QUEUES[of].sentence if of in QUEUES else "Looked up in the review"
    try:
        status = Annotation.Status.LABELLED
        refuse_unsaid(access.project, status, form.labels(), none=form.cleaned_data["none"])
        reviewing.decide(
            project=access.project,
            reviewer=request.user,
            document=document,
            key=form.cleaned_data["key"],
            label_ids=form.labels(),
            seen=form.cleaned_data["seen"],
            reason=reason,
            comment=form.cleaned_data["comment"],
            seconds=form.cleaned_data["seconds"],
        )
    except AnswerRefused as error:
        messages.error(request, str(error))
        return _text(slug, pk, of, at)
    except reviewing.ChangedMeanwhile:
        return _meanwhile(request, access, document, Draft(form.labels(), form.cleaned_data["comment"]))
    request.session[_last(slug)] = [pk, str(form.cleaned_data["key"]), ""]
    return _on(slug, of, at)


@require_POST
def keep(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    access = managed_project_for(request, slug)
    document = get_object_or_404(Document, project=access.project, pk=pk)
    form = KeepForm(request.POST)
    form.is_valid()
    newest, seen = form.cleaned_data.get("newest") or 0, form.cleaned_data.get("seen") or ""
    try:
        left = reviewing.leave_as_it_is(
            project=access.project, reviewer=request.user, document=document, newest=newest, seen=seen
        )
    except reviewing.ChangedMeanwhile as change:
        is_answered = isinstance(change, reviewing.AnsweredMeanwhile)
        return _meanwhile(request, access, document, None, is_answered=is_answered)
    request.session[_last(slug)] = [pk, "", mark_of(None, left)]
    return _on(slug, *_where(request))


@require_POST
def undo(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    """Take back the decision with the posted key, or without one that the text was `left` as it is; show it again."""
    access = managed_project_for(request, slug)
    document = get_object_or_404(Document, project=access.project, pk=pk)
    form = KeyForm(request.POST)
    try:
        if form.is_valid():
            reviewing.undo_decision(project=access.project, key=form.cleaned_data["key"])
        else:
            left = request.POST.get("left", "")
            reviewing.look_again(project=access.project, document=document, left=left)
    except UndoRefused as error:
        messages.warning(request, str(error))
    request.session.pop(_last(slug), None)
    return _text(slug, pk, *_where(request))


def _meanwhile(
    request: LabellerRequest, access: Access, document: Document, draft: Draft | None, *, is_answered: bool = False
) -> HttpResponse:
    """What somebody did with the text meanwhile beside what they chose here (None: to leave it). They choose anew."""
    of, at = _where(request)
    context = {"tabs": review_page.tabs(access.project), "of": of, "at": at, "is_stale": True}
    context["is_answered"] = is_answered
    return _page(request, access, document, context, draft, status=409)


def _page(
    request: LabellerRequest,
    access: Access,
    document: Document | None,
    context: dict[str, Any],
    draft: Draft | None = None,
    status: int = 200,
) -> HttpResponse:
    project = access.project
    labels = list(project.labels.all())
    context |= {
        "project": project,
        "membership": access.membership,
        "section": "review",
        "bench": review_page.bench_of(project, document, labels, draft) if document else None,
        "may_leave": context["of"] in QUEUES,
        "guidelines": render_guidelines(project.guidelines),
        "last": _undoable(request, access),
    }
    return render(request, "annotation/review.html", context, status=status)


def _decided_list(request: LabellerRequest, access: Access, context: dict[str, Any]) -> HttpResponse:
    names = {label.pk: label.name for label in access.project.labels.all()}
    total = next(tab.count for tab in context["tabs"] if tab.key == "decided")
    page = Paginator(range(total), DECIDED_A_PAGE).get_page(request.GET.get("page"))
    start = max(0, page.start_index() - 1)
    rows = [
        (row, review_page.in_words(row.decision.label_ids, names), next(iter(row.decision.label_ids), None))
        for row in decided(access.project, start=start, count=DECIDED_A_PAGE)
    ]
    context |= {"project": access.project, "membership": access.membership, "section": "review"}
    return render(request, "annotation/review_decided.html", context | {"rows": rows, "page": page})


def _undoable(request: LabellerRequest, access: Access) -> dict[str, Any] | None:
    """What this person did last here, for the line that offers to take it back."""
    last = request.session.get(_last(access.project.slug))
    if not last or len(last) != 3:  # of a session from before an upgrade
        return None
    document = Document.objects.filter(project=access.project, pk=last[0]).first()
    return None if document is None else {"document": document, "key": last[1], "left": last[2]}


def _last(slug: str) -> str:
    return f"review-{slug}"


def _where(request: LabellerRequest) -> tuple[str, int]:
    form = WhereForm(request.POST if request.method == "POST" else request.GET)
    form.is_valid()
    return form.cleaned_data.get("of") or "", form.cleaned_data.get("at") or 0


def _on(slug: str, of: str, at: int) -> HttpResponse:
    """To the next text of the queue: the one decided has left it, so the next has taken its place."""
    return redirect(reverse("review", args=[slug]) + _queue(of, at))


def _text(slug: str, pk: int, of: str, at: int) -> HttpResponse:
    return redirect(reverse("review-text", args=[slug, pk]) + _queue(of, at))


def _queue(of: str, at: int) -> str:
    return "?" + urlencode([("of", of), ("at", at)]) if of else ""

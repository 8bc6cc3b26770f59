"""The list of found texts, and labelling from it. Everything is a plain form; the page's script saves the reload."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from labeller.annotation.forms import LARGEST, WholeNumbersField
from labeller.annotation.page import FILTER_FROM
from labeller.numerals import whole
from labeller.projects.access import Access, LabellerRequest, labelling_project_for, project_for
from labeller.projects.models import Label
from labeller.search import bulk, selectors, sentences
from labeller.search.asking import MOST_LIKE, SearchForm
from labeller.search.choice import ChoiceForm
from labeller.search.finding import Found, find
from labeller.search.models import BulkAct
from labeller.search.rows import TextState, may_see_model, rows_of, states_of
from labeller.search.starting import Beside, starts

PAGE = 25
MOST_MARKED = 200


class MarkedForm(ChoiceForm):
    """Texts marked in a list, and what is given to them."""

    mark = WholeNumbersField(required=False)
    focus = forms.IntegerField(
        required=False, min_value=0, max_value=LARGEST
    )  # the text in focus, where none is marked: the script's
    query = forms.CharField(required=False, max_length=4000)

    def texts(self) -> list[int]:
        focus = self.cleaned_data["focus"]
        return list(dict.fromkeys(self.cleaned_data["mark"] or ([focus] if focus else [])))[:MOST_MARKED]


def form_of(access: Access, data: QueryDict, labels: list[Label]) -> SearchForm:
    return SearchForm(
        data,
        access.project,
        labels,
        model=may_see_model(access.project, access.membership),
        fields=selectors.metadata_fields(access.project),
    )


def address_of(data: QueryDict) -> str:
    """The list's address without its page and what was left empty."""
    return urlencode([(name, value) for name, values in data.lists() for value in values if value and name != "page"])


@require_GET
def search(request: LabellerRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    project, membership = access.project, access.membership
    labels = list(project.labels.all())
    form = form_of(access, request.GET, labels)
    asked = form.asked()
    found = Found([]) if asked.is_empty else find(project, membership, asked)
    pages = max(1, -(-len(found.ids) // PAGE))
    number = min(pages, max(1, _number(request.GET.get("page"))))
    shown = found.ids[(number - 1) * PAGE : number * PAGE]
    context = {
        "project": project,
        "membership": membership,
        "section": "data",
        "part": "search",
        "form": form,
        "asked": asked,
        "address": address_of(request.GET),
        "found": found,
        "count": sentences.count(found),
        "found_by": sentences.found_by(asked, labels),
        "wrong": form.sentence(),
        "rows": rows_of(
            project,
            membership,
            shown,
            labels,
            terms=asked.words.terms,
            similarity=found.similarity,
            by_words=found.by_words,
        ),
        "page": number,
        "pages": pages,
        "first": (number - 1) * PAGE + 1,
        "labels": [label for label in labels if label.on_offer],
        "starts": starts(project) if asked.is_empty else [],
        "acts": acts_in_words(selectors.recent_acts(membership), labels) if membership.may_label else [],
        "key": uuid.uuid4(),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "like_what": sentences.like_what(selectors.beginning_of(project, asked.like[0]), len(asked.like) - 1)
        if asked.like
        else "",
        "filter_labels": len(labels) >= FILTER_FROM,
    }
    return render(request, "search/search.html", context)


@require_GET
def beside(request: LabellerRequest, slug: str) -> HttpResponse:
    """The labels without a text, beside the text that is labelled: asked for now and then, for a sitting gives some."""
    access = labelling_project_for(request, slug)
    return render(request, "search/_beside_starts.html", vars(Beside.of(access.project)))


@require_POST
def label(request: LabellerRequest, slug: str) -> HttpResponse:
    """Label the marked texts, or the one in focus. As JSON: each text's new state, drawn by the page's own template."""
    access = labelling_project_for(request, slug)
    form = MarkedForm(request.POST)
    if wrong := form.wrong(access.project):
        return _refused(request, slug, wrong)
    labels = list(access.project.labels.all())
    query = QueryDict(form.cleaned_data["query"])
    asked = form_of(access, query, labels).asked()
    try:
        act = bulk.begin(
            project=access.project,
            annotator=request.user,
            key=form.cleaned_data["key"],
            document_ids=form.texts(),
            label_ids=form.labels(),
            found_by=sentences.stored(sentences.FOUND, asked, labels),
            query=address_of(query),
            replace_mine=True,  # whoever marks a text sees what was said of it
            take_reserve=True,
        )
    except bulk.ActRefused as error:
        return _refused(request, slug, str(error))
    return told(request, access, act, labels)


def told(request: LabellerRequest, access: Access, act: BulkAct, labels: list[Label]) -> HttpResponse:
    """What became of an act on a few texts: JSON for the script, else back to the list with a sentence."""
    sentence = in_words(act, labels)
    if not wants_json(request):
        (messages.success if act.given or act.taken_back else messages.warning)(request, sentence)
        return redirect(back_to(access, act))
    if act.is_unfinished:  # another request is at it: the script sends this one again
        return JsonResponse({}, status=503)
    states = states_of(access.project, access.membership, act.document_ids, labels)
    drawn = {pk: _drawn(access, state, act) for pk, state in states.items()}
    undo = reverse("search-undo", args=[access.project.slug, act.key])
    return JsonResponse({"states": drawn, "said": sentence, "undo": undo if act.state == act.State.DONE else None})


def _drawn(access: Access, state: TextState, act: BulkAct) -> str:
    return render_to_string(
        "search/_state.html", {"state": state, "membership": access.membership, "project": access.project}
    )


@require_POST
def like(request: LabellerRequest, slug: str) -> HttpResponse:
    """More texts like the marked ones: a list of its own, whose address can be kept."""
    project_for(request, slug)
    form = MarkedForm(request.POST)
    texts = form.texts()[:MOST_LIKE] if form.is_valid() else []
    if not texts:
        return _refused(request, slug, _("No text was marked. Mark one or more to find others like them."))
    return redirect(f"{reverse('search', args=[slug])}?{urlencode([('like', pk) for pk in texts])}")


def in_words(act: BulkAct, labels: list[Label]) -> str:
    """What an act has done so far."""
    names = {label.pk: label.name for label in labels}
    if act.state in (act.State.UNDOING, act.State.UNDONE):
        said = ngettext("%(number)s answer taken back.", "%(number)s answers taken back.", act.taken_back)
        return said % {"number": whole(act.taken_back)}
    from labeller.annotation.standing import Standing

    left = {str(Standing(why).label): many for why, many in act.left.items()}
    said = sentences.given(act.given, [names.get(pk, _("a deleted label")) for pk in act.label_ids], left)
    return f"{said} {act.reason}".strip()


def acts_in_words(acts: list[BulkAct], labels: list[Label]) -> list[dict[str, Any]]:
    return [{"act": act, "said": in_words(act, labels)} for act in acts]


def back_to(access: Access, act: BulkAct) -> str:
    return f"{reverse('search', args=[access.project.slug])}?{act.query}"


def _number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 9 else 1


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _refused(request: LabellerRequest, slug: str, sentence: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"error": sentence}, status=422)
    messages.error(request, sentence)
    query = address_of(QueryDict(request.POST.get("query", "")[:4000]))
    return redirect(f"{reverse('search', args=[slug])}?{query}")

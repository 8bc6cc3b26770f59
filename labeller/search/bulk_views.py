"""Labelling a whole list: what it would do, with exact numbers; doing it; watching it; undoing it."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from labeller.annotation.found import FoundAct
from labeller.annotation.standing import Standing, standings
from labeller.learning.id_ranges import pack
from labeller.learning.selectors import workers_alive
from labeller.projects.access import Access, LabellerRequest, labelling_project_for, project_for
from labeller.projects.models import Label
from labeller.search import bulk as acts
from labeller.search import selectors, sentences
from labeller.search.asking import Asked
from labeller.search.choice import ChoiceForm
from labeller.search.finding import Found, find
from labeller.search.models import BulkAct
from labeller.search.views import address_of, back_to, form_of, in_words, told, wants_json


class BulkForm(ChoiceForm):
    replace_mine = forms.BooleanField(required=False)
    take_reserve = forms.BooleanField(required=False)
    agreed = forms.CharField(required=False, max_length=64)  # which texts the person was told about


def in_a_row(labels: list[Label]) -> str:
    """Their names, each in its colour, within a sentence."""
    row = '<span class="label-{}"><span class="dot" aria-hidden="true"></span> {}</span>'
    return format_html_join(", ", row, ((label.pk, label.name) for label in labels)) or _("“none of these”")


@dataclass(frozen=True)
class Selection:
    """A list and how each of its texts stands to the person who wants to label it."""

    asked: Asked
    found: Found
    stands: dict[int, Standing]

    @property
    def trouble(self) -> str:
        """Why it cannot be labelled whole."""
        if self.found.trouble:
            return self.found.trouble
        if self.found.is_ranking:
            return _("A list of like texts has no end: they become less alike little by little. Mark those that fit.")
        if not self.found.all_found:
            return acts.too_many()
        return "" if self.found.ids else _("There is no text in this list.")

    @property
    def counts(self) -> list[tuple[Standing, int]]:
        counted = Counter(self.stands.values())
        return [(standing, counted[standing]) for standing in Standing if counted[standing]]

    def touched(self, act: FoundAct) -> list[int]:
        return [pk for pk, standing in self.stands.items() if act.may_label(standing)]


@require_http_methods(["GET", "POST"])
def bulk(request: LabellerRequest, slug: str) -> HttpResponse:
    """First the labels are chosen and it is said what would be touched; the number is confirmed; it is done."""
    access = labelling_project_for(request, slug)
    labels = list(access.project.labels.all())
    selection = _selection(access, request, labels)
    page: dict[str, Any] = _page(access, request, selection, labels)
    if request.method == "GET" or selection.trouble:
        return render(request, "search/bulk.html", page)
    form = BulkForm(request.POST)
    wrong = form.wrong(access.project)
    if wrong:
        return render(request, "search/bulk.html", page | {"wrong": wrong}, status=422)
    data = form.cleaned_data
    act = FoundAct(data["key"], form.labels(), "", data["replace_mine"], data["take_reserve"])
    touched = selection.touched(act)
    mark = sha256(f"{form.labels()} {pack(touched)}".encode()).hexdigest()
    if data["agreed"] == mark and touched:
        return _done(request, access, form, touched, page)
    chosen = [label for label in labels if label.pk in form.labels()]
    asked = page | {"act": act, "touched": len(touched), "agreed": mark, "chosen": chosen, "key": act.key}
    asked["labels_chosen"] = in_a_row(chosen)
    asked |= {"changed": bool(data["agreed"]), "rest": [row for row in selection.counts if not act.may_label(row[0])]}
    return render(request, "search/bulk_confirm.html", asked, status=422 if data["agreed"] else 200)


def _done(
    request: LabellerRequest, access: Access, form: BulkForm, touched: list[int], page: dict[str, Any]
) -> HttpResponse:
    data = form.cleaned_data
    try:
        act = acts.begin(
            project=access.project,
            annotator=request.user,
            key=data["key"],
            document_ids=touched,
            label_ids=form.labels(),
            found_by=sentences.stored(sentences.LISTED, page["selection"].asked, page["labels"]),
            query=page["address"],
            replace_mine=data["replace_mine"],
            take_reserve=data["take_reserve"],
        )
    except acts.ActRefused as error:
        return render(request, "search/bulk.html", page | {"wrong": str(error)}, status=422)
    return redirect("search-act", access.project.slug, act.key)


def _selection(access: Access, request: LabellerRequest, labels: list[Label]) -> Selection:
    asked = form_of(access, request.GET, labels).asked()
    found = Found([]) if asked.is_empty else find(access.project, access.membership, asked)
    whole = found.all_found and not found.is_ranking
    return Selection(asked, found, standings(access.project, request.user, found.ids) if whole else {})


def _page(access: Access, request: LabellerRequest, selection: Selection, labels: list[Label]) -> dict[str, Any]:
    return {
        "project": access.project,
        "membership": access.membership,
        "section": "data",
        "labels": [label for label in labels if label.on_offer],
        "selection": selection,
        "address": address_of(request.GET),
        "found_by": sentences.found_by(selection.asked, labels),
        "key": uuid.uuid4(),
    }


@require_GET
def act(request: LabellerRequest, slug: str, key: uuid.UUID) -> HttpResponse:
    """What an act has done; while it goes on, how far it is."""
    access = project_for(request, slug)
    found = selectors.act_of(access.membership, key)
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "data",
        "act": found,
        "found_by": _found_by(access, found),
        "said": in_words(found, list(access.project.labels.all())),
        "silent": acts.is_silent(found),
        "no_worker": found.is_unfinished and not workers_alive("quick"),
        "back": back_to(access, found),
    }
    return render(request, "search/_act.html" if request.htmx else "search/act.html", context)


def _found_by(access: Access, act: BulkAct) -> str:
    """How its texts were found, from the address of their list: what is stored is English."""
    labels = list(access.project.labels.all())
    asked = form_of(access, QueryDict(act.query), labels).asked()
    said = sentences.LISTED if act.found_by.startswith(sentences.LISTED.partition("%")[0]) else sentences.FOUND
    return _(said) % {"found_by": sentences.found_by(asked, labels)}


@require_POST
def undo(request: LabellerRequest, slug: str, key: uuid.UUID) -> HttpResponse:
    access = labelling_project_for(request, slug)
    try:
        found = acts.undo(act=selectors.act_of(access.membership, key))
    except Http404:
        if not wants_json(request):
            raise
        # The page sends an undo behind its act, which may have been refused: to wait for it would be to wait for ever.
        return JsonResponse({"error": _("There is nothing to undo: no text was labelled.")}, status=422)
    except acts.ActRefused as error:
        if wants_json(request):
            return JsonResponse({"error": str(error)}, status=422)
        messages.error(request, str(error))
        return redirect("search-act", slug, key)
    if found.total > acts.AT_ONCE:
        return redirect("search-act", slug, key)
    return told(request, access, found, list(access.project.labels.all()))


@require_POST
def go_on(request: LabellerRequest, slug: str, key: uuid.UUID) -> HttpResponse:
    access = labelling_project_for(request, slug)
    found = selectors.act_of(access.membership, key)
    if acts.is_silent(found):
        acts.go_on(act=found)
        messages.success(request, _("It was handed to a worker again."))
    return redirect("search-act", slug, key)

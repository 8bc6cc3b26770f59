"""The pages about gold texts: which they are, for managers; how they were answered, for managers and each person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from labeller.annotation import gold_selectors
from labeller.annotation.gold import change_share, make_answers_gold, take_back_gold
from labeller.annotation.gold_forms import FindForm, ShareForm, TextsForm
from labeller.annotation.models import GoldText
from labeller.corpus.models import Document
from labeller.projects.access import Access, LabellerRequest, labelling_project_for, managed_project_for

OFFERED, LISTED = 25, 25  # texts a page


@require_GET
def gold(request: LabellerRequest, slug: str) -> HttpResponse:
    return _page(request, managed_project_for(request, slug))


@require_POST
def add(request: LabellerRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    form = TextsForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["text"][0]))
    else:
        made = make_answers_gold(project=access.project, by=request.user, document_ids=form.cleaned_data["text"])
        told = ngettext("%(count)d text is gold now.", "%(count)d texts are gold now.", len(made))
        messages.success(request, told % {"count": len(made)})
    return redirect("gold", slug)


@require_POST
def take_back(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    access = managed_project_for(request, slug)
    if take_back_gold(project=access.project, pk=pk):
        messages.success(request, _("That text is an ordinary one again."))
    return redirect("gold", slug)


@require_POST
def share(request: LabellerRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    form = ShareForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    change_share(project=access.project, per_cent=form.cleaned_data["per_cent"])
    messages.success(request, _("Saved."))
    return redirect("gold", slug)


@require_GET
def accuracy(request: LabellerRequest, slug: str) -> HttpResponse:
    """Managers see everybody, an annotator only themselves, readers nobody."""
    access = labelling_project_for(request, slug)
    sees_all = access.membership.may_manage
    people = gold_selectors.accuracies(access.project, None if sees_all else request.user.pk)
    context = _frame(access) | {"people": people, "sees_all": sees_all}
    return render(request, "annotation/gold_accuracy.html", context)


def _frame(access: Access) -> dict[str, Any]:
    section = "settings" if access.membership.may_manage else "project"
    return {"project": access.project, "membership": access.membership, "section": section, "tab": "gold"}


def _page(request: LabellerRequest, access: Access, form: ShareForm | None = None, status: int = 200) -> HttpResponse:
    project = access.project
    find = FindForm(project, request.GET)
    asked = find.cleaned_data if find.is_valid() else {}
    texts = gold_selectors.could_be_gold(
        project,
        words=asked.get("words", ""),
        label_id=asked["label"].pk if asked.get("label") else None,
        from_file=asked.get("from_file", False),
    )
    offered = Paginator(texts, OFFERED).get_page(request.GET.get("page"))
    golden = Paginator(GoldText.objects.filter(project=project).select_related("document"), LISTED)
    listed = golden.get_page(request.GET.get("gold"))
    names = dict(project.labels.values_list("pk", "name"))
    query = request.GET.copy()
    query.pop("page", None)
    context = _frame(access) | {
        "find": find,
        "is_asked": any(asked.values()),
        "query": query.urlencode(),
        "offered": offered,
        "rows": _rows(access, list(offered), names),
        "listed": listed,
        "known": [
            (one, _names(one.label_ids, names))
            for one in gold_selectors.known_texts(project, list(listed), project.documents.count())
        ],
        "share": form or ShareForm(initial={"per_cent": project.gold_share}),
    }
    return render(request, "annotation/gold.html", context, status=status)


def _rows(access: Access, documents: list[Document], names: dict[int, str]) -> list[tuple[Document, str, int]]:
    """(text, what stands for it in words, how many gave an answer)."""
    standing = {row.document_id: row for row in gold_selectors.labels_of(access.project, [one.pk for one in documents])}
    return [
        (one, _names(standing[one.pk].label_ids, names), len(standing[one.pk].annotation_ids))
        for one in documents
        if one.pk in standing
    ]


def _names(label_ids: tuple[int, ...], names: dict[int, str]) -> str:
    return ", ".join(names.get(label, _("a deleted label")) for label in label_ids) or _("none of these")

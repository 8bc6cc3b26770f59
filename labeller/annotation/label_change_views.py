"""Merging, splitting and second looks, for a project's managers. Whatever changes what answers mean is told first, with
the number of answers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from labeller.annotation import label_changes
from labeller.annotation.label_change_forms import MergeForm, SplitForm
from labeller.annotation.second_look import SecondLook, waiting
from labeller.annotation.selectors import label_counts
from labeller.projects.access import Access, LabellerRequest, managed_project_for
from labeller.projects.confirmation import confirmation_page
from labeller.projects.history import LabelMerge
from labeller.projects.labels import LabelError
from labeller.projects.merging import check_merge, merge_labels, undo_merge, why_not_undone
from labeller.projects.models import Label

SHOWN = 20


@require_GET
def changes(request: LabellerRequest, slug: str) -> HttpResponse:
    """Second looks with their progress, and merges with their undo; newest first."""
    access = managed_project_for(request, slug)
    looks = SecondLook.objects.filter(project=access.project).select_related("label", "started_by")
    merges = LabelMerge.objects.filter(project=access.project).select_related("target", "made_by")[:SHOWN]
    context = _frame(access) | {
        "open": [_progress(look) for look in looks.filter(ended_at=None)],
        "ended": looks.exclude(ended_at=None)[:SHOWN],
        "merges": [(merge, why_not_undone(merge)) for merge in merges],
    }
    return render(request, "annotation/label_changes.html", context)


@require_http_methods(["GET", "POST"])
def merge(request: LabellerRequest, slug: str) -> HttpResponse:
    """The form; then, with the counts, the question; with `sure` it is done."""
    access = managed_project_for(request, slug)
    counts = dict(label_counts(access.project))
    asked = request.GET.getlist("label")
    form = MergeForm(request.POST if request.method == "POST" else None, choices=list(counts))
    context = _frame(access) | {
        "form": form,
        "counts": counts.items(),
        "ticked": set(request.POST.getlist("labels") or asked),
    }
    if form.is_valid():
        labels, into = list(form.cleaned_data["labels"]), form.cleaned_data["into"]
        try:
            if form.cleaned_data["sure"]:
                merge_labels(project=access.project, labels=labels, into=into, by=request.user)
                messages.success(request, _("Merged into “%(name)s”. This can be undone here.") % {"name": into})
                return redirect("label-changes", slug)
            check_merge(access.project, labels, into)
        except LabelError as error:
            form.add_error(None, str(error))
        else:
            gone = [(label, counts[label]) for label in labels if label.name.casefold() != into.casefold()]
            context |= {"gone": gone, "into": into, "labels": labels, "answers": sum(count for _, count in gone)}
            return render(request, "annotation/label_merge_sure.html", context)
    return render(request, "annotation/label_merge.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def undo(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    one = get_object_or_404(LabelMerge.objects.select_related("target"), pk=pk, project=access.project)
    if request.method != "POST":
        names = ", ".join(f"“{label['name']}”" for label in one.merged)
        return confirmation_page(
            request,
            access,
            question=_("Undo the merge into “%(name)s”?") % {"name": one.into},
            effect=_(
                "%(names)s come back, and answers that named them count for them again. Answers given since as "
                "“%(name)s” stay with it."
            )
            % {"names": names, "name": one.into},
            action=_("Undo the merge"),
            back=reverse("label-changes", args=[slug]),
            tab="labels",
        )
    try:
        undo_merge(merge=one, by=request.user)
    except LabelError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The merge is undone."))
    return redirect("label-changes", slug)


@require_http_methods(["GET", "POST"])
def split(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    access = managed_project_for(request, slug)
    label = get_object_or_404(Label, pk=pk, project=access.project)
    form = SplitForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        drafts, stays = form.cleaned_data["lines"], form.cleaned_data["stays"]
        try:
            look = label_changes.split_label(
                project=access.project, label=label, drafts=drafts, stays=stays, by=request.user
            )
        except LabelError as error:
            form.add_error("lines", str(error))
        else:
            told = _("“%(name)s” is split.") % {"name": label.name}
            messages.success(request, f"{told} {_waits(look.texts)}")
            return redirect("label-changes", slug)
    context = _frame(access) | {"form": form, "label": label, "texts": _texts_of(access, label)}
    return render(request, "annotation/label_split.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def again(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    label = get_object_or_404(Label, pk=pk, project=access.project)
    if request.method != "POST":
        return confirmation_page(
            request,
            access,
            question=_("Look at the texts of “%(name)s” again?") % {"name": label.name},
            effect=_what_looking_does(_texts_of(access, label)),
            action=_("Offer them again"),
            back=reverse("label-edit", args=[slug, pk]),
            tab="labels",
        )
    try:
        look = label_changes.look_again(project=access.project, label=label, by=request.user)
    except LabelError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _waits(look.texts))
    return redirect("label-changes", slug)


@require_http_methods(["GET", "POST"])
def end(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    look = get_object_or_404(SecondLook.objects.select_related("label", "project"), pk=pk, project=access.project)
    if request.method != "POST":
        return confirmation_page(
            request,
            access,
            question=_("End the second look at “%(name)s”?") % {"name": look.label.name},
            effect=_what_ends(look),
            action=_("End it"),
            back=reverse("label-changes", args=[slug]),
            tab="labels",
        )
    label_changes.end_look(look=look)
    messages.success(request, _("The second look is over."))
    return redirect("label-changes", slug)


def _frame(access: Access) -> dict[str, Any]:
    return {"project": access.project, "membership": access.membership, "section": "settings", "tab": "labels"}


def _progress(look: SecondLook) -> dict[str, Any]:
    left = waiting(look)
    return {"look": look, "left": left, "texts": max(look.texts, left), "done": max(look.texts, left) - left}


def _texts_of(access: Access, label: Label) -> int:
    return next((count for one, count in label_counts(access.project) if one.pk == label.pk), 0)


def _what_looking_does(answers: int) -> str:
    return ngettext(
        "%(answers)s answer names it. Its text comes before all others, to everybody who labels. Each keeps its "
        "label until somebody has looked; you can stop at any time.",
        "%(answers)s answers name it. Their texts come before all others, to everybody who labels. Each keeps its "
        "label until somebody has looked; you can stop at any time.",
        answers,
    ) % {"answers": answers}


def _waits(texts: int) -> str:
    if not texts:
        return _("No text carries it, so nothing waits for another look.")
    waits = ngettext("%(texts)s text waits for another look.", "%(texts)s texts wait for another look.", texts)
    return waits % {"texts": texts}


def _what_ends(look: SecondLook) -> str:
    left, named = waiting(look), {"name": look.label.name}
    if left:
        kept = ngettext(
            "%(texts)s text has not been looked at again and will keep “%(name)s”.",
            "%(texts)s texts have not been looked at again and will keep “%(name)s”.",
            left,
        ) % (named | {"texts": left})
        then = _("“%(name)s” is given on.") % named
    else:
        kept = _("All texts have been looked at again.")
        then = _("“%(name)s” goes.") % named
    return kept if look.label.on_offer else f"{kept} {then}"

"""The answers' card on the project's first page."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.annotation import selectors
from labeller.annotation.gold_selectors import has_met_gold
from labeller.annotation.left import has_text_for, left_for
from labeller.annotation.overlap import Overlap
from labeller.annotation.review_waiting import waiting
from labeller.numerals import whole
from labeller.projects.models import Membership, Project
from labeller.projects.overview import Panel

MANY = 12  # labels; of more, those never given are one line


def annotation_panel(project: Project, membership: Membership) -> Panel:
    """Labels by count, how far the project is, and "Start labelling" for those who may."""
    progress = selectors.progress(project, membership.user)
    counts = selectors.label_counts(project)
    given = sum(count for _, count in counts)
    many = len(counts) > MANY
    context = {
        "met_gold": not membership.may_manage and has_met_gold(project, membership.user_id),
        "overlap": Overlap.of(project).sentence,
        "answers": progress,
        "label_counts": counts,
        "given": max(1, given),
        "many": many,
        "waiting": waiting(project, now=True) if membership.may_manage and progress.labelled else 0,
    }
    may_start = membership.may_label and len(counts) >= 2 and progress.texts > 0
    step = _next_step(project, membership, progress) if may_start else None
    return Panel(
        20,
        "annotation/_panel.html",
        context,
        next_step=step,
        next_url=reverse("label", args=[project.slug]) if step else "",
        next_action=_("Start labelling") if progress.labelled == 0 else _("Go on labelling"),
        shows_labels=many or progress.labelled > 0,
    )


def _next_step(project: Project, membership: Membership, progress: selectors.Progress) -> str | None:
    """Why this person should label, in a sentence; None where nothing is left for them."""
    missing = progress.texts - progress.labelled
    has_text = missing > 0 and has_text_for(project, membership.user)  # others may wait for other people only
    if has_text and progress.labelled < 16:
        return _(
            "The first labels teach the model most. A full one is trained from 16 on, and takes over where nothing"
            " speaks against it."
        )
    if has_text:
        return ngettext(
            "%(n)s text has no label yet.",
            "%(n)s texts have no label yet. The most useful ones come first.",
            missing,
        ) % {"n": whole(missing)}
    left = left_for(project, membership.user)
    if left.looks:
        waiting = ngettext("%(n)s text waits for another look.", "%(n)s texts wait for another look.", left.looks)
        return waiting % {"n": whole(left.looks)}
    wanted = ngettext(
        "Every text has an answer; %(n)s wants one more, from you.",
        "Every text has an answer; %(n)s want one more, from you.",
        left.answers,
    )
    return wanted % {"n": whole(left.answers)} if left.answers else None

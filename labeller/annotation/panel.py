"""The answers' card on the project's first page."""

from __future__ import annotations

from django.urls import reverse

from labeller.annotation import selectors
from labeller.annotation.gold_selectors import has_met_gold
from labeller.annotation.overlap import Overlap
from labeller.corpus.models import Document
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
    }
    step, url, action = None, "", ""
    may_start = membership.may_label and len(counts) >= 2 and Document.objects.filter(project=project).exists()
    if may_start and progress.labelled < progress.texts:
        url = reverse("label", args=[project.slug])
        action = "Start labelling" if progress.labelled == 0 else "Go on labelling"
        left = progress.texts - progress.labelled
        step = (
            "The first labels teach the model most. A full one is trained from 16 on; it takes over once 10 audit"
            " labels can say that it is no worse, at about 30."
            if progress.labelled < 16
            else f"{left} texts have no label yet. The most useful ones come first."
        )
    return Panel(
        20,
        "annotation/_panel.html",
        context,
        next_step=step,
        next_url=url,
        next_action=action,
        shows_labels=many or progress.labelled > 0,
    )

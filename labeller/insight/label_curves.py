"""The F1 of single labels, of every version: read only where one is asked for, since with 77 labels and 200 versions
these figures weigh megabytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from labeller.insight.measured_on import Ground
from labeller.insight.selectors import ENOUGH_SUPPORT, Estimate, leading_labels
from labeller.learning.models import ModelVersion
from labeller.learning.testscores import TestScore
from labeller.projects.models import Project


@dataclass(frozen=True)
class LabelFigure:
    """One version on one label."""

    support: int  # texts that carry it
    f1: Estimate | None  # None also for versions from before it had an interval

    @property
    def has_evidence(self) -> bool:
        return self.support >= ENOUGH_SUPPORT and self.f1 is not None


LabelFigures = dict[int, dict[int, LabelFigure]]
"""Version number -> label id -> figure."""


def label_figures(project: Project, ground: Ground) -> LabelFigures:
    """Every version's labels on this ground; those it did not know are absent. One query."""
    leaning = ("reading__tightened_labels",) if ground.test_set is None else ()
    rows: QuerySet[Any] = (
        ModelVersion.objects.filter(project=project).annotate(of=F("number"))
        if ground.test_set is None
        else TestScore.objects.filter(test_set=ground.test_set).annotate(of=F("version__number"))
    )
    return {
        number: {
            label_ids[score["label"]]: LabelFigure(score["support"], Estimate.read(score.get("f1")))
            for score in leading_labels(*figures)
        }
        for number, label_ids, *figures in rows.order_by()
        .values_list("of", "label_ids", "metrics__per_label", *leaning)
        .iterator()
    }

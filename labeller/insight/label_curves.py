"""The F1 of single labels, of every version: read only where one is asked for, since with 77 labels and 200 versions
these figures weigh megabytes."""

from __future__ import annotations

from dataclasses import dataclass

from labeller.insight.selectors import ENOUGH_SUPPORT, Estimate
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project


@dataclass(frozen=True)
class LabelFigure:
    """One version on one label."""

    support: int  # audit texts that carry it
    f1: Estimate | None  # None also for versions from before it had an interval

    @property
    def has_evidence(self) -> bool:
        return self.support >= ENOUGH_SUPPORT and self.f1 is not None


LabelFigures = dict[int, dict[int, LabelFigure]]
"""Version number -> label id -> figure."""


def label_figures(project: Project) -> LabelFigures:
    """Every version's labels; those it did not know are absent. One query."""
    rows = ModelVersion.objects.filter(project=project).order_by().values_list(
        "number", "label_ids", "metrics__per_label"
    )  # fmt: skip
    return {
        number: {
            label_ids[score["label"]]: LabelFigure(score["support"], Estimate.read(score.get("f1")))
            for score in per_label or []
        }
        for number, label_ids, per_label in rows.iterator()
    }

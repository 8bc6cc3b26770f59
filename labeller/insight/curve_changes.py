"""When labels or guidelines changed, placed on the curve: from then on the figures are of another task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models.functions import MD5

from labeller.insight.change_words import sentence_of
from labeller.insight.selectors import VersionScore
from labeller.projects.changes import LabelChange, label_changes
from labeller.projects.history import GuidelinesVersion
from labeller.projects.models import Project

MOST = 40
"""The newest so many are shown."""


@dataclass(frozen=True)
class CurveChange:
    """One version of the guidelines that was made after the first model."""

    number: int  # of the version
    made_at: datetime
    model: int  # the newest one made before
    labels: int  # where it stands: between that model's and the next one's
    note: str  # as stored: what was done, where the comparison alone does not say
    rewritten: bool  # the guidelines' text
    by_label: list[LabelChange]

    @property
    def sentence(self) -> str:
        """What changed, in the page's language."""
        return sentence_of(self.note, self.by_label, rewritten=self.rewritten)


def changes_of(project: Project, versions: Sequence[VersionScore]) -> list[CurveChange]:
    """Oldest first. What came before the first model is left out: every point is later. So is the first version, which
    has none to compare with. One query, or none."""
    if not versions or project.guidelines_number < 2:
        return []
    rows = GuidelinesVersion.objects.filter(project=project).annotate(text=MD5("guidelines")).order_by("-number")
    newest = list(rows.values("number", "made_at", "note", "labels", "text")[: MOST + 1])
    return [
        _change(before, after, *place)
        for before, after in pairwise(reversed(newest))
        if (place := place_of(after["made_at"], versions)) is not None
    ]


def place_of(moment: datetime, versions: Sequence[VersionScore]) -> tuple[int, int] | None:
    """(The newest model made before this moment, the number of labels at which it stands on the axis); None before the
    first model. Halfway between the models around it, so that it covers neither point; a later change of the answers
    moves nothing."""
    before = [version for version in versions if version.created_at <= moment]
    if not before:
        return None
    least = max(version.n_labels for version in before)
    # A full run that began before has fewer labels and ends after: it is not what came next.
    later = [version.n_labels for version in versions if version.created_at > moment and version.n_labels >= least]
    return max(version.number for version in before), (least + min(later, default=least)) // 2


def _change(before: dict[str, Any], after: dict[str, Any], model: int, labels: int) -> CurveChange:
    return CurveChange(
        number=after["number"],
        made_at=after["made_at"],
        model=model,
        labels=labels,
        note=after["note"],
        rewritten=before["text"] != after["text"],
        by_label=label_changes(before["labels"], after["labels"]),
    )

"""The rows of a picture's numbers: its points, and between those of the models what changed on the way. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labeller.insight.curve import CurveRow
from labeller.insight.curve_changes import CurveChange
from labeller.insight.selectors import Estimate

CHANGE = "change"  # kind of a row of the file


@dataclass(frozen=True)
class NumberRow:
    """A point of the picture and the figure it shows."""

    row: CurveRow
    figure: Estimate | None


def between(points: Sequence[NumberRow], changes: Sequence[CurveChange]) -> list[NumberRow | CurveChange]:
    """Each change before the first model that came after it; those after the last one behind it. Points are in the
    order of the curve, the models first."""
    told: list[NumberRow | CurveChange] = []
    left = list(changes)
    models = [point for point in points if point.row.is_model]
    for point in models:
        while left and _is_later(point.row, left[0]):
            told.append(left.pop(0))
        told.append(point)
    return [*told, *left, *points[len(models) :]]


def _is_later(row: CurveRow, change: CurveChange) -> bool:
    return row.labels > change.labels or (row.labels == change.labels and row.model > change.model)


def change_rows(changes: Sequence[CurveChange]) -> list[CurveRow]:
    """As rows of the file: without a figure, with what changed as a note."""
    return [
        CurveRow(
            model=0,
            kind=CHANGE,
            labels=change.labels,
            audit_texts=0,
            accuracy=None,
            macro_f1=None,
            note=change.sentence,
            how=f"Version {change.number} of the guidelines, {change.made_at.isoformat(timespec='seconds')}",
        )
        for change in changes
    ]

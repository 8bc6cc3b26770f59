"""What several plays say together: a mean curve with its spread, and the labels that another curve needs for the same.
Pure functions of the points that a replay prints; nothing of Django or numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, stdev
from typing import Any

FIGURES = {"accuracy": "Accuracy", "macro_f1": "Macro-F1"}


@dataclass(frozen=True)
class CurvePoint:
    """One number of labels over the seeds that got so far."""

    labels: int
    mean: float
    median: float
    low: float
    high: float
    spread: float  # standard deviation over seeds; 0 with one
    seeds: int


@dataclass(frozen=True)
class Needed:
    """How many labels a curve needs for what another had reached with `labels`."""

    labels: int
    reached: float
    ours: float | None  # None: not reached within the curve
    at_most: bool  # reached at the curve's first point already: it may need fewer

    @property
    def ratio(self) -> float | None:
        return None if self.ours is None else round(self.labels / self.ours, 2)


def figure_for(*, multi_label: bool) -> str:
    """Which of FIGURES is drawn: the share of right answers says little where most texts have no label."""
    return "macro_f1" if multi_label else "accuracy"


def newest_model(point: dict[str, Any]) -> dict[str, Any] | None:
    """The figures of the model one would take away at this point: the newest head over the encoder that serves. None
    before there is one."""
    figures: dict[str, Any] | None = point["quick"] or point["serving"]
    return figures if figures and "accuracy" in figures else None


def curve(plays: Sequence[Sequence[tuple[int, float]]]) -> list[CurvePoint]:
    """Of plays (labels, figure), one a seed: a point for each number of labels that any of them reached."""
    found: dict[int, list[float]] = {}
    for play in plays:
        for labels, value in play:
            found.setdefault(labels, []).append(value)
    return [_point(labels, found[labels]) for labels in sorted(found)]


def _point(labels: int, values: list[float]) -> CurvePoint:
    return CurvePoint(
        labels,
        round(fmean(values), 4),
        round(median(values), 4),
        min(values),
        max(values),
        round(stdev(values), 4) if len(values) > 1 else 0.0,
        len(values),
    )


def labels_needed(ours: Sequence[CurvePoint], theirs: Sequence[CurvePoint]) -> list[Needed]:
    """For each point of `theirs`, how many labels `ours` needs for the same mean. Straight lines between its points:
    curves bend downwards, so this asks too many rather than too few."""
    return [Needed(point.labels, point.mean, *_reached(ours, point.mean)) for point in theirs]


def _reached(ours: Sequence[CurvePoint], value: float) -> tuple[float | None, bool]:
    if ours and ours[0].mean >= value:
        return float(ours[0].labels), True
    for before, after in pairwise(ours):
        if after.mean >= value:
            share = (value - before.mean) / (after.mean - before.mean)
            return round(before.labels + share * (after.labels - before.labels), 1), False
    return None, False

"""The curve as a still picture: coordinates that a template writes as SVG. Pure, and without a script or a library, so
that it stands in a file by itself and on paper. The interactive one is charts.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import floor
from typing import Literal

from django.utils.translation import gettext as _

from labeller.insight.curve import CurveRow
from labeller.insight.joining import joining
from labeller.insight.selectors import Estimate
from labeller.numerals import decimal, percent, whole

WIDTH, HEIGHT = 720, 270
LEFT, RIGHT, TOP, BOTTOM = 56, 704, 12, 226

Metric = Literal["accuracy", "macro_f1"]
Place = Callable[[float], float]


@dataclass(frozen=True)
class Tick:
    at: str
    words: str


@dataclass(frozen=True)
class Series:
    """The models of one kind. `points` are (x, y); where no band shows their interval, a whisker does."""

    kind: str
    band: str  # of an SVG polygon; empty where all have the same number of labels
    line: str  # of an SVG polyline
    points: list[tuple[str, str]]
    whiskers: list[tuple[str, str, str]]  # x, y of the lower and of the upper bound


@dataclass(frozen=True)
class Drawing:
    title: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    changes: list[str]  # x of an upright line each
    series: list[Series]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    top: int = TOP
    right: int = RIGHT
    bottom: int = BOTTOM


def drawn_curve(rows: Sequence[CurveRow], metric: Metric, changes: Collection[int] = ()) -> Drawing | None:
    """None where no row was measured. `changes`: at how many labels the labels or the guidelines changed."""
    measured = [(row, estimate) for row in rows if (estimate := _of(row, metric)) is not None]
    if not measured:
        return None
    most = max(50, max(row.labels for row, _ in measured) * 1.06)
    least = min(0.6, max(0.0, floor(10 * min(estimate.low for _, estimate in measured)) / 10))

    def x(labels: float) -> float:
        return LEFT + (RIGHT - LEFT) * labels / most

    def y(share: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (share - least) / (1 - least)

    kinds = ("quick", "full")  # the full ones lie on top
    parts = [(kind, [(row, estimate) for row, estimate in measured if row.kind == kind]) for kind in kinds]
    return Drawing(
        title=_("Accuracy") if metric == "accuracy" else _("Macro-F1"),
        x_ticks=[Tick(_n(x(labels)), whole(labels)) for labels in _steps(most)],
        y_ticks=[Tick(_n(y(share)), _share(share, metric)) for share in _shares(least)],
        changes=[_n(x(labels)) for labels in sorted(set(changes)) if labels <= most],
        series=[_series(kind, part, x, y) for kind, part in parts if part],
    )


def _of(row: CurveRow, metric: Metric) -> Estimate | None:
    found: Estimate | None = getattr(row, metric)
    return found


def _series(kind: str, part: Sequence[tuple[CurveRow, Estimate]], x: Place, y: Place) -> Series:
    places = [(_n(x(row.labels)), *(_n(y(at)) for at in (found.value, found.low, found.high))) for row, found in part]
    how = joining([row for row, _found in part])
    joined = [place for at, place in enumerate(places) if at in how.joined]
    upper, lower = [f"{at},{high}" for at, _, _, high in joined], [f"{at},{low}" for at, _, low, _ in joined]
    return Series(
        kind=kind,
        band="" if len(joined) == 1 else " ".join([*upper, *reversed(lower)]),
        line=" ".join(f"{at},{value}" for at, value, _, _ in joined),
        points=[(at, value) for at, value, _, _ in places],
        whiskers=[(at, low, high) for n, (at, _, low, high) in enumerate(places) if n in how.whiskers],
    )


def _steps(most: float) -> list[int]:
    """Round numbers of labels, four to nine of them with 0."""
    step = 10
    while most / step > 8:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return list(range(0, int(most) + 1, step))


def _shares(least: float) -> list[float]:
    tenths = range(round(10 * least), 11)
    return [tenth / 10 for tenth in tenths if len(tenths) <= 6 or tenth % 2 == 0]


def _share(share: float, metric: Metric) -> str:
    return percent(share, 0) if metric == "accuracy" else decimal(share, 1)


def _n(value: float) -> str:
    return f"{value:.1f}"

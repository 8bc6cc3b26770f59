"""What follows from the curves that a forecast stored: values at more labels, labels to a target. Pure, no numpy: a
web process reads them (modelsvc/forecast.py makes them)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

Curve = tuple[float, float, float]  # accuracy(n) = a - b * n^-c

HORIZON = 2.0
"""Times the labels there are: further on nobody has tested the law."""

FACTOR = 1.5
"""A number of labels is told when seven in ten of the curves agree with it within this factor."""

AGREE = 0.7


@dataclass(frozen=True)
class Needed:
    """How many labels in all a target takes."""

    labels: float
    low: float
    high: float  # of a 95 % interval; inf: perhaps never
    is_sure: bool  # whether the curves agree well enough to name a number


def value_at(curve: Curve, labels: float) -> float:
    a, b, c = curve
    return a - b * float(labels**-c)


def labels_to(curve: Curve, target: float) -> float:
    """Where the curve meets the target; inf where it never does."""
    a, b, c = curve
    if target >= a:
        return inf
    if b <= 0:
        return 0.0
    exponent = 1 / c
    try:
        return float((b / (a - target)) ** exponent)
    except OverflowError:
        return inf


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies, inf allowed; no interpolation across it."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, ceil(share * len(ordered)) - 1))]


def band_at(drawn: Sequence[Curve], labels: float, level: float = 0.95) -> tuple[float, float]:
    values = [value_at(curve, labels) for curve in drawn]
    return quantile(values, 0.5 - level / 2), quantile(values, 0.5 + level / 2)


def needed(drawn: Sequence[Curve], target: float, *, now: int) -> Needed:
    """Labels in all to the target, at least those there are now."""
    counts = [max(float(now), labels_to(curve, target)) for curve in drawn]
    middle = quantile(counts, 0.5)
    near = [count for count in counts if middle / FACTOR <= count <= middle * FACTOR]
    is_sure = middle <= HORIZON * now and len(near) >= AGREE * len(counts)
    return Needed(middle, quantile(counts, 0.025), quantile(counts, 0.975), is_sure)

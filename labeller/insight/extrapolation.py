"""What follows from the curves that a forecast stored: values at more labels, labels to a target. Pure, no numpy: a
web process reads them (modelsvc/evaluation/forecast.py makes them)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

Curve = tuple[float, float, float]  # accuracy(n) = a - b * n^-c

HORIZON = 2.0
"""Times the labels there are: further on nobody has tested the law."""

FACTOR = 1.5
"""A number of labels is named when enough of the curves agree with it within this factor."""

AGREE = 0.6
"""Of the curves: enough to name a number. In replays more of the numbers were right (docs/decisions/0009)."""

BEYOND = 0.85
"""Of the curves that reach a target beyond the horizon only, or never: enough to say so."""

TRIED, AS_GOOD = 18, 0.02
"""Numbers tried between the labels there are and the horizon; shares of the curves that differ by this are alike."""


@dataclass(frozen=True)
class Needed:
    """How many labels in all a target takes."""

    labels: float  # in the middle of the curves
    low: float
    high: float  # of a 95 % interval; inf: perhaps never
    named: float | None  # with which enough of the curves agree; None: no number to name
    is_far: bool  # nearly all curves reach it beyond the horizon only, or never


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
    named = _agreed(counts, middle, now=now) if now < middle <= HORIZON * now else None
    far = sum(count > HORIZON * now for count in counts)
    return Needed(middle, quantile(counts, 0.025), quantile(counts, 0.975), named, far >= BEYOND * len(counts))


def _agreed(counts: Sequence[float], middle: float, *, now: int) -> float | None:
    """The number within FACTOR of which most counts lie, of those as good the one next to their middle; None where too
    few do. The middle alone would be too low: counts end at the labels there are, and have no end above."""
    tried = [now * float(HORIZON ** (step / TRIED)) for step in range(1, TRIED + 1)]
    shares = {guess: _near(counts, guess) for guess in [middle, *tried]}
    most = max(shares.values())
    if most < AGREE:
        return None
    good = [guess for guess, share in shares.items() if share >= max(AGREE, most - AS_GOOD)]
    return min(good, key=lambda guess: max(guess / middle, middle / guess))


def _near(counts: Sequence[float], guess: float) -> float:
    return sum(guess / FACTOR <= count <= guess * FACTOR for count in counts) / len(counts)


def farthest(drawn: Sequence[Curve], standing: float, *, now: int, most: float = inf) -> tuple[int, Needed] | None:
    """The highest target, in whole per cent and above where the model stands, for which a number can be named that is
    `most` labels in all; None where there is none within ten."""
    found = None
    for target in range(int(100 * standing) + 1, min(100, int(100 * standing) + 11)):
        asked = needed(drawn, target / 100, now=now)
        if asked.named is not None and asked.named <= most:
            found = target, asked
        elif found:
            break
    return found

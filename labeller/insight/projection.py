"""When a number of labels will be reached at the pace of the last days. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, sqrt
from statistics import mean, stdev

PACE_DAYS = 7
"""The pace is that of so many times 24 hours: a week, so that days off count."""

LEAST_DAYS = 3
T_975 = {3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447}
"""Student's t for a two-sided 95 % interval of the mean of so many days (degrees of freedom: one less)."""

FAR_DAYS = 3650
"""Ten years: what would be done later is not called a date."""


@dataclass(frozen=True)
class Pace:
    """Labels a day with a 95 % interval of the mean; `low` may be 0 or less, then nothing says that it goes on."""

    value: float
    low: float
    high: float
    days: int


def pace(by_day: Sequence[int]) -> Pace | None:
    """From the labels of the last days, 24 hours each. None below three days or without a label in them."""
    counts = list(by_day)[-PACE_DAYS:]
    if len(counts) < LEAST_DAYS or not any(counts):
        return None
    middle = mean(counts)
    margin = T_975[len(counts)] * stdev(counts) / sqrt(len(counts))
    return Pace(middle, middle - margin, middle + margin, len(counts))


@dataclass(frozen=True)
class Finish:
    """Dates on which the target is reached; None where that is beyond ten years, or never at that pace."""

    likely: date | None
    earliest: date | None
    latest: date | None


def finish(missing: int, at: Pace, today: date) -> Finish:
    """`missing` labels from today on, at the pace and at both ends of its interval."""
    likely, earliest, latest = (_day(missing, each, today) for each in (at.value, at.high, at.low))
    return Finish(likely, earliest, latest)


def _day(missing: int, a_day: float, today: date) -> date | None:
    if missing <= 0:
        return today
    if a_day <= 0 or missing / a_day > FAR_DAYS:
        return None
    return today + timedelta(days=ceil(missing / a_day))


def next_target(labels: int) -> int:
    """The next of 50, 100, 200, 500, 1,000, … above so many labels: what is offered before somebody chooses."""
    step = 50
    while step <= labels:
        step = step * 2 if str(step)[0] in "15" else step * 5 // 2
    return step

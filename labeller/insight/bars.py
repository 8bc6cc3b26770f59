"""Columns of a number by day, as an SVG that stretches to its place. Pure: the template writes what is said here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

HEIGHT = 100.0
GAP = 0.2  # of a day's width
LEAST_COLUMNS = 14  # two days alone would be two walls


@dataclass(frozen=True)
class Bar:
    """In the units of the picture: a day is 1 wide, the highest column 100 high."""

    day: date
    count: int
    x: str
    y: str
    height: str


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]
    columns: int  # days that have room: the picture's width
    most: int  # the highest column's count

    @property
    def width(self) -> str:
        """A number with a dot, whatever the reader's language."""
        return f"{1 - GAP:.1f}"


def bars(by_day: Sequence[tuple[date, int]]) -> Bars:
    most = max((count for _, count in by_day), default=0)
    drawn = []
    for at, (day, count) in enumerate(by_day):
        height = HEIGHT * count / most if most else 0.0
        drawn.append(Bar(day, count, f"{at + GAP / 2:.1f}", f"{HEIGHT - height:.2f}", f"{height:.2f}"))
    return Bars(drawn, max(len(drawn), LEAST_COLUMNS), most)

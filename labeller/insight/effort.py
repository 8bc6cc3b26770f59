"""How much work the labels were, without the idle time. Pure: from sums of seconds to figures."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

BREAK_TIMES = 5
BREAK_AT_LEAST_S = 120.0
ENOUGH_ANSWERS = 5
"""Fewer timed answers of one person than this, and neither a median nor a rate is shown."""

TotalSeconds = float
PersonBin = tuple[int, int]  # (person's id, number of the stretch of time)


def break_after(median_s: float) -> float:
    """Seconds from which on an answer holds a break: five times the person's median, and two minutes at least.

    Such an answer is counted as one of median length.
    """
    return max(BREAK_TIMES * median_s, BREAK_AT_LEAST_S)


@dataclass(frozen=True)
class Work:
    """What was done in a stretch of time. Adds up over stretches and people."""

    labels: int = 0  # labelled answers that still stand
    timed: int = 0  # those of them whose seconds are known
    answers: int = 0  # answers of any kind with known seconds: to skip or to change one's mind was work too
    seconds: TotalSeconds = 0.0  # of those answers, breaks counted as the median
    breaks: int = 0  # answers that held one

    def __add__(self, other: Work) -> Work:
        return Work(
            self.labels + other.labels,
            self.timed + other.timed,
            self.answers + other.answers,
            self.seconds + other.seconds,
            self.breaks + other.breaks,
        )

    @property
    def labels_an_hour(self) -> float | None:
        """Of work, not of the clock. None where too little was timed."""
        if self.answers < ENOUGH_ANSWERS or not self.timed or self.seconds <= 0:
            return None
        return 3600 * self.timed / self.seconds

    def untimed(self) -> Work:
        """What was done, without how long it took."""
        return replace(self, seconds=0.0, breaks=0)

    @property
    def seconds_per_label(self) -> float | None:
        """All work by the labels that came of it: skipped and unsure answers, and those taken back, cost time too."""
        rate = self.labels_an_hour
        return None if rate is None else 3600 / rate


def total(works: Iterable[Work]) -> Work:
    return sum(works, Work())


@dataclass(frozen=True)
class Bins:
    """Time cut at moments, in order: bin 0 ends before the first, bin k begins at moment k - 1."""

    edges: tuple[datetime, ...]

    @classmethod
    def at(cls, moments: Iterable[datetime]) -> Bins:
        return cls(tuple(sorted(set(moments))))

    @property
    def all(self) -> range:
        return range(len(self.edges) + 1)

    def between(self, start: datetime, end: datetime | None) -> range:
        """The bins from one edge to another; without an end to the last."""
        first = bisect_left(self.edges, start) + 1
        return range(first, len(self.edges) + 1 if end is None else bisect_left(self.edges, end) + 1)


@dataclass(frozen=True)
class Ledger:
    """Work by person and bin: every figure of the page is a sum over some of it."""

    bins: Bins
    entries: Mapping[PersonBin, Work]

    def by_person(self) -> dict[int, Ledger]:
        """Each person's own part, in one pass over all."""
        parts: dict[int, dict[PersonBin, Work]] = {}
        for (person, at), work in self.entries.items():
            parts.setdefault(person, {})[person, at] = work
        return {person: Ledger(self.bins, entries) for person, entries in parts.items()}

    def people(self, bins: Container[int]) -> set[int]:
        """Those with answers there whose seconds are known."""
        return {person for (person, at), work in self.entries.items() if at in bins and work.answers}

    def of(self, people: Iterable[int] | None = None, bins: range | None = None) -> Work:
        """Summed over these people and bins; None means all."""
        wanted = None if people is None else set(people)
        return total(
            work
            for (person, at), work in self.entries.items()
            if (wanted is None or person in wanted) and (bins is None or at in bins)
        )


@dataclass(frozen=True)
class Day:
    day: date
    work: Work
    times_held: bool = False  # of whoever looks: how long it took is not told


def days(ledger: Ledger, midnights: Sequence[datetime], people: Iterable[int] | None = None) -> list[Day]:
    """One row for each midnight, oldest first, from the first day with work; a day without any between them is a row
    too. `midnights` are edges of the ledger's bins, one a day, the last one today's."""
    ends = [*midnights[1:], None]
    rows = [
        Day(start.date(), ledger.of(people, ledger.bins.between(start, end)))
        for start, end in zip(midnights, ends, strict=True)
    ]
    first = next((at for at, row in enumerate(rows) if row.work != Work()), len(rows))
    return rows[first:]

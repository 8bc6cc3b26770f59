"""Which points of the curve its line and band join, and which show their interval by themselves. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from labeller.insight.curve import CurveRow


@dataclass(frozen=True)
class Joining:
    """Places in the rows. Models of one kind at one number of labels lie above each other: a line through them would
    read as an interval, and a band there has no width."""

    joined: frozenset[int]
    whiskers: frozenset[int]  # points that no band shows: of a shared number of labels, or of the only one


def joining(rows: Sequence[CurveRow]) -> Joining:
    """By kind the last row at each number of labels is joined. `rows` is in the order of the curve."""
    at = Counter((row.kind, row.labels) for row in rows)
    counts = Counter(kind for kind, _labels in at)
    last = {(row.kind, row.labels): place for place, row in enumerate(rows)}
    return Joining(
        joined=frozenset(last.values()),
        whiskers=frozenset(
            place for place, row in enumerate(rows) if at[row.kind, row.labels] > 1 or counts[row.kind] == 1
        ),
    )

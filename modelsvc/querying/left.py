"""What is left of a pool while texts are asked one by one, and what of it waits because it has been said already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.querying.diversity import repeating
from modelsvc.querying.pool import Pool
from modelsvc.types import Rows, Scores

SORTED_AT_FIRST = 2_000  # rows: a queue seldom looks further
LOOKED_AT = 8  # candidates at first, then twice as many each time: mostly the very first says something new


class Left:
    """Texts that say what a labelled or an asked one says, or one in hand, wait until nothing else is left. They are
    found when somebody looks at them: to compare the whole pool with all that is labelled would take longer than
    everything else."""

    def __init__(self, pool: Pool):
        self.free = np.ones(pool.size, np.bool_)  # (N,) not asked
        self.open = self.free.copy()  # (N,) nor known to wait
        self._X, self._labelled = pool.X, pool.covered_X
        self._compared = np.zeros(pool.size, np.bool_)  # (N,) with what is labelled
        self._asked: list[int] = []
        self._may_repeat = False

    def take(self, row: int) -> None:
        """Ask this text."""
        self.free[row] = self.open[row] = False
        self._asked.append(row)

    def let_repeat(self) -> None:
        """Nothing else is left: those that wait have their turn."""
        self._may_repeat, self.open = True, self.free.copy()

    def first_new(self, order: Order) -> int | None:
        """The best open text that says something new; those before it wait from now on. None when all wait."""
        look_at = LOOKED_AT
        while len(rows := order.next(self.open, look_at)):
            new = ~self._repeats(rows)
            self.open[rows[~new]] = False
            if new.any():
                return int(rows[int(new.argmax())])
            look_at *= 2
        return None

    def _repeats(self, rows: Rows) -> NDArray[np.bool_]:
        """(K,) which of these say what a labelled or asked text says. What is open and compared is known to repeat
        none of the labelled."""
        repeats = np.zeros(len(rows), np.bool_)
        if self._may_repeat:
            return repeats
        fresh = ~self._compared[rows]
        self._compared[rows] = True
        repeats[fresh] = repeating(self._X[rows[fresh]], self._labelled)
        return repeats | repeating(self._X[rows], self._X[self._asked])


class Order:
    """Rows by falling score, equal ones by position; sorted only as far as somebody looks. (N,)"""

    def __init__(self, scores: Scores):
        self._scores = scores
        self._rows = _best(scores, SORTED_AT_FIRST)
        self._at = 0  # nothing before it is open

    def restart(self) -> None:
        """Rows may be open again that were not."""
        self._at = 0

    def next(self, open_: NDArray[np.bool_], k: int) -> Rows:
        """At most k of the rows that are open (N,), best first; none only when none is open."""
        while True:
            rows = self._rows[self._at :]
            found = np.flatnonzero(open_[rows[: 4 * k]])
            if len(found):
                self._at += int(found[0])
                ahead: Rows = rows[found[:k]]
                return ahead
            self._at += len(rows[: 4 * k])
            if self._at >= len(self._rows):
                if len(self._rows) == len(self._scores):
                    return np.zeros(0, np.int64)
                self._rows = _best(self._scores, 4 * len(self._rows))


def _best(scores: Scores, k: int) -> Rows:
    """At least the k highest rows, best first: a beginning of the whole order, ended between two different scores."""
    if k >= len(scores):
        return np.argsort(-scores, kind="stable")
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    rows = np.flatnonzero(scores >= least)
    best: Rows = rows[np.argsort(-scores[rows], kind="stable")]
    return best

"""Which texts to ask when labels are rare: a turn for each label, the one with fewest examples first.

Uncertainty alone asks about the common labels: a rare label's probability seldom comes near even. So labels take
turns, and in its turn a label asks alternately for its likeliest text, which finds positives, and for its most doubtful
one, which finds its border. A label's claim falls with the examples it has and with the odds that its likeliest text
is one: a label whose texts are all found does not use up the budget. What repeats a labelled or asked text waits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.querying.acquisition import EXPLORED
from modelsvc.querying.left import Left, Order
from modelsvc.querying.pool import Pool
from modelsvc.types import Proba, Ranked

RARE_BELOW = 0.05  # expected share of the pool; texts at random would take twenty labels to show one example
EXPLORED_SHARE = 0.03  # of the turns go to a text drawn uniformly; more of them come from the audit stream
LEAST_ODDS = 0.3  # so that few examples weigh more than poor odds; .05 and 1 both did worse


def has_rare_labels(proba: Proba) -> bool:
    """Whether at least half of the labels are expected in fewer than RARE_BELOW of the pool's texts. (N, C)"""
    return bool(proba.size) and float(np.median(proba.mean(axis=0))) < RARE_BELOW


def rarest_first(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """k texts by turns of the labels. A label nobody has given yet, of which the model knows nothing, asks at random;
    search finds its first example sooner. Raises StrategyError without probabilities."""
    turns, left = _Turns(leaning(pool.need_proba("rarest"), pool.thresholds), pool), Left(pool)
    rows, chances, reasons = np.empty(k, np.int64), np.empty(k, np.float32), []
    for i in range(k):
        explores = rng.random() < EXPLORED_SHARE
        label = turns.next_label(left)
        asked, why = turns.ask(label, left)
        if explores or asked is None:
            row, why = int(rng.choice(np.flatnonzero(left.free))), EXPLORED
        else:
            row = asked
        drawn_evenly = 1.0 if asked is None else EXPLORED_SHARE
        chances[i] = drawn_evenly / (pool.size - i) + (1 - drawn_evenly) * (row == asked)
        rows[i] = row
        reasons.append(why)
        if not explores:
            turns.take(label)
        left.take(row)
    return Ranked(rows, np.linspace(1, 0, k, dtype=np.float32), chances, reasons, "rarest")


def leaning(proba: Proba, thresholds: NDArray[np.float32] | None) -> Proba:
    """Probabilities (N, C) bent so that each label's threshold (C,) lies at a half: there it is decided, and most in
    doubt. A rare label's own probabilities seldom come near a half."""
    if thresholds is None:
        return proba
    below, above = proba / thresholds / 2, 0.5 + (proba - thresholds) / (1 - thresholds) / 2
    bent: Proba = np.where(proba < thresholds, below, above).astype(np.float32)
    return bent


class _Turns:
    """Whose turn it is, and what that label would ask."""

    def __init__(self, proba: Proba, pool: Pool):
        self.proba, self.names = np.ascontiguousarray(proba.T), pool.label_names  # (C, N)
        self.likeliest = [Order(of_label) for of_label in self.proba]
        self.doubtful: dict[int, Order] = {}  # made when a label comes to its first turn of doubt
        self.held = pool.counts.astype(np.float64)  # examples, and one for each turn taken
        self.turn = pool.counts
        self.informed = np.ptp(proba, axis=0) > 1e-6

    def next_label(self, left: Left) -> int:
        """The label with the strongest claim: odds of its likeliest open text over the examples it has."""
        if not left.open.any():
            self._let_repeat(left)
        best = [
            of_label[order.next(left.open, 1)[0]] for of_label, order in zip(self.proba, self.likeliest, strict=True)
        ]
        return int((np.maximum(best, LEAST_ODDS) / (self.held + 1)).argmax())

    def ask(self, label: int, left: Left) -> tuple[int | None, str]:
        """The row this label asks, and why: from doubt every second turn. None where the model knows nothing of it."""
        if not self.informed[label]:
            return None, EXPLORED
        name = self.names[label]
        if self.turn[label] % 2:
            order = self._doubt(label)
            why = f"Asked because the model is unsure whether {name} applies"
        else:
            order, why = self.likeliest[label], f"Asked because {name} is rare and this may be an example"
        row = left.first_new(order)
        if row is None:
            self._let_repeat(left)
            row = left.first_new(order)
        return row, why

    def take(self, label: int) -> None:
        """Count the turn as if it had found an example, so that the next label comes to its turn."""
        self.held[label] += 1
        self.turn[label] += 1

    def _doubt(self, label: int) -> Order:
        if label not in self.doubtful:
            self.doubtful[label] = Order(-np.abs(self.proba[label] - 0.5))
        return self.doubtful[label]

    def _let_repeat(self, left: Left) -> None:
        left.let_repeat()
        for order in (*self.likeliest, *self.doubtful.values()):
            order.restart()

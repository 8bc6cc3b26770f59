"""Which texts to ask when labels are rare: a turn for each label, the one with fewest examples first.

Uncertainty alone asks about the common labels: a rare label's probability seldom comes near even. So labels take
turns, and in its turn a label asks alternately for its likeliest text, which finds positives, and for its most doubtful
one, which finds its border. A label's claim falls with the examples it has and with the odds that its likeliest text
is one: a label whose texts are all found does not use up the budget.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.pool import Pool
from modelsvc.types import Proba, Ranked

RARE_BELOW = 0.05  # expected share of the pool; texts at random would take twenty labels to show one example
EXPLORED_SHARE = 0.03  # of the turns go to a text drawn uniformly; more of them come from the audit stream
LEAST_ODDS = 0.3  # so that few examples weigh more than poor odds; .05 and 1 both did worse
SAME_WORDING = 0.95  # cosine above which a text says what a text chosen before it says
LOOKED_AT = 40  # candidates of a turn; if all repeat a chosen text, the first is taken all the same
AT_RANDOM = "Asked at random, to find what the model does not expect"


def has_rare_labels(proba: Proba) -> bool:
    """Whether at least half of the labels are expected in fewer than RARE_BELOW of the pool's texts. (N, C)"""
    return bool(proba.size) and float(np.median(proba.mean(axis=0))) < RARE_BELOW


def rarest_first(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """k texts by turns of the labels. A label nobody has given yet, of which the model knows nothing, asks at random;
    search finds its first example sooner. Raises StrategyError without probabilities."""
    turns = _Turns(leaning(pool.need_proba("rarest"), pool.thresholds), pool.counts)
    free = np.ones(pool.size, np.bool_)
    rows, chances, reasons = np.empty(k, np.int64), np.empty(k, np.float32), []
    for i in range(k):
        left = pool.size - i
        label = turns.next_label(free) if rng.random() >= EXPLORED_SHARE else None
        if label is None or not turns.informed[label]:
            rows[i], chances[i] = rng.choice(np.flatnonzero(free)), EXPLORED_SHARE / left
            reasons.append(AT_RANDOM)
        else:
            candidates, doubtful = turns.candidates(label, free)
            rows[i] = _first_unlike(pool, candidates, rows[:i])
            chances[i] = 1 - EXPLORED_SHARE + EXPLORED_SHARE / left
            name = pool.label_names[label]
            reasons.append(
                f"Asked because the model is unsure whether {name} applies"
                if doubtful
                else f"Asked because {name} is rare and this may be an example"
            )
        if label is not None:
            turns.take(label)
        free[rows[i]] = False
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

    def __init__(self, proba: Proba, counts: NDArray[np.int64]):
        self.likeliest = np.argsort(-proba, axis=0, kind="stable")  # (N, C)
        self.doubtful = np.argsort(np.abs(proba - 0.5), axis=0, kind="stable")
        self.proba = proba
        self.held = counts.astype(np.float64)  # examples, and one for each turn taken
        self.turn = counts.copy()
        self.informed = np.ptp(proba, axis=0) > 1e-6

    def next_label(self, free: NDArray[np.bool_]) -> int:
        """The label with the strongest claim: odds of its likeliest free text over the examples it has."""
        best = [self.proba[_first(self.likeliest[:, c], free), c] for c in range(self.proba.shape[1])]
        return int((np.maximum(best, LEAST_ODDS) / (self.held + 1)).argmax())

    def candidates(self, label: int, free: NDArray[np.bool_]) -> tuple[NDArray[np.int64], bool]:
        """What a label asks, best first, and whether it asks from doubt: every second turn."""
        doubtful = bool(self.turn[label] % 2)
        order = (self.doubtful if doubtful else self.likeliest)[:, label]
        return order[free[order]][:LOOKED_AT], doubtful

    def take(self, label: int) -> None:
        """Count the turn as if it had found an example, so that the next label comes to its turn."""
        self.held[label] += 1
        self.turn[label] += 1


def _first(order: NDArray[np.int64], free: NDArray[np.bool_]) -> int:
    return int(order[int(free[order].argmax())])


def _first_unlike(pool: Pool, candidates: NDArray[np.int64], chosen: NDArray[np.int64]) -> int:
    """The first candidate that does not repeat a text chosen before it."""
    if not len(chosen):
        return int(candidates[0])
    repeats = (pool.X[candidates] @ pool.X[chosen].T).max(axis=1) > SAME_WORDING
    return int(candidates[int((~repeats).argmax())])

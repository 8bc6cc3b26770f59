"""A second opinion on the pool: the head over the encoder as it came, beside the one over the tuned encoder.

Where both are right about equally often they err on different texts, and their product is ahead of either (logarithmic
pooling: Genest & Zidek 1986): 40 of 100 verbs right where each had 35. Where the tuned one knows better it only
disturbs. The labels at hand say which, each half asked of models of the other half (halves.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.links import softmax
from modelsvc.types import Proba, Targets

SHARES = (0.25, 0.5, 0.75)  # of the tuned encoder, besides 1
FEW = 16  # labelled texts that both were asked about without having seen; fewer say nothing
LEAST = np.float32(1e-6)  # a probability whose logarithm is taken


@dataclass(frozen=True)
class SecondOpinion:
    """What the head over the encoder as it came says, and how much it is listened to."""

    frozen: Proba  # (N, C)
    tuned_share: float  # 0..1 of the other opinion
    temperature: float  # by which the other's logarithms are divided

    def beside(self, tuned: Proba) -> Proba:
        """Both together. (N, C)"""
        return both(self.frozen, tuned, self.tuned_share, self.temperature)


def both(frozen: Proba, tuned: Proba, share: float, temperature: float = 1.0) -> Proba:
    """(N, C) in proportion to the product of powers of both, each (N, C)."""
    by_tuned = np.float32(share / temperature) * np.log(np.maximum(tuned, LEAST))
    return softmax(np.float32(1 - share) * np.log(np.maximum(frozen, LEAST)) + by_tuned)


def share_of_tuned(frozen: Proba, tuned: Proba, Y: Targets, rows: NDArray[np.bool_]) -> float:
    """The tuned opinion's share, of SHARES or all, with the least log loss on what both said of those labelled texts,
    Y (n, C), that they had not seen, `rows` (n,). All of it where there are fewer than FEW of these."""
    if int(rows.sum()) < FEW:
        return 1.0
    truth = Y[rows].argmax(axis=1)
    losses = {share: _loss(both(frozen[rows], tuned[rows], share), truth) for share in (1.0, *SHARES)}
    return min(losses, key=lambda share: losses[share])


def _loss(proba: Proba, truth: NDArray[np.int64]) -> float:
    said = proba[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.maximum(said, float(LEAST))).mean())

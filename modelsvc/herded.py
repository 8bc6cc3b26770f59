"""Two strategies that herd: doubt weighed by how much of the pool a text covers that no label covers yet."""

from __future__ import annotations

import numpy as np

from modelsvc.acquisition import balanced_scores, doubt_or_gap, doubts
from modelsvc.herding import WIDTH, adapted_width, herd
from modelsvc.late import late
from modelsvc.pool import Pool
from modelsvc.types import Ranked, Scores

HERDED = 48  # texts chosen by herding; the queue is ranked anew long before they are used up


def herding(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """Uncertainty herding as in the paper (Bae et al. 2025, arXiv 2412.20644): the margin of calibrated probabilities,
    and a reach that shrinks to the least distance of two labelled texts, so that coverage turns into doubt by itself.
    Greedy, so its texts have probability 1; after them come those of `late`. Raises StrategyError without a model."""
    pool.need_proba("herding")
    every = np.arange(pool.size)
    return _herd_then_late(pool, k, rng, doubts(pool, every), adapted_width(pool.labelled_X), "herding")


def early(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """Uncertainty herding with a reach that stays, rare labels first and in dense regions first; then `late`."""
    pool.need_proba("early")
    return _herd_then_late(pool, k, rng, balanced_scores(pool), WIDTH, "early")


def _herd_then_late(pool: Pool, k: int, rng: np.random.Generator, scores: Scores, width: float, name: str) -> Ranked:
    herded, _ = herd(pool.X, scores, min(HERDED, k), against=pool.covered_X, rng=rng, width=width)
    rest = late(pool, k, rng)
    behind = ~np.isin(rest.rows, herded)
    reasons = [*doubt_or_gap(pool, herded), *(r for r, keep in zip(rest.reasons, behind, strict=True) if keep)]
    return Ranked(
        np.concatenate([herded, rest.rows[behind]])[:k],
        np.concatenate([scores[herded], rest.scores[behind]])[:k],
        np.concatenate([np.ones(len(herded), np.float32), rest.probabilities[behind]])[:k],
        reasons[:k],
        name,
    )

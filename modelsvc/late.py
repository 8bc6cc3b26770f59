"""The late policy: breaking ties where labels are plenty, drawn and not just sorted."""

from __future__ import annotations

import numpy as np

from modelsvc.acquisition import EXPLORED, balanced_scores, drawn_apart, hesitation
from modelsvc.pool import Pool
from modelsvc.types import Ranked


def late(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """Breaking ties, rare labels first, in dense regions first, drawn stochastically, one in ten at random."""
    pool.need_proba("late")
    scores = balanced_scores(pool)
    drawn = drawn_apart(pool.X, scores, k, against=pool.covered_X, rng=rng)
    words = hesitation(pool, drawn.rows)
    reasons = [EXPLORED if explored else why for explored, why in zip(drawn.explored, words, strict=True)]
    return Ranked(drawn.rows, scores[drawn.rows], drawn.probabilities, reasons, "late")

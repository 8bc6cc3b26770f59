"""The late policy: breaking ties where labels are plenty, drawn and not just sorted."""

from __future__ import annotations

import numpy as np

from modelsvc.querying.acquisition import EXPLORED, balanced_scores, hesitation
from modelsvc.querying.draws import drawn_apart
from modelsvc.querying.pool import Pool
from modelsvc.types import Ranked, Rows


def late(pool: Pool, k: int, rng: np.random.Generator, *, behind: Rows | None = None) -> Ranked:
    """Breaking ties, rare labels first, in dense regions first, drawn stochastically, one in ten at random. Texts
    `behind` which these come are asked already: none of them again, nor in other words."""
    pool.need_proba("late")
    scores = balanced_scores(pool)
    asked = np.zeros(0, np.int64) if behind is None else behind
    others = np.delete(np.arange(pool.size), asked)
    against = np.concatenate([pool.covered_X, pool.X[asked]])
    drawn = drawn_apart(pool.X, scores, k, against=against, rng=rng, among=others)
    words = hesitation(pool, drawn.rows)
    reasons = [EXPLORED if explored else why for explored, why in zip(drawn.explored, words, strict=True)]
    return Ranked(drawn.rows, scores[drawn.rows], drawn.probabilities, reasons, "late")

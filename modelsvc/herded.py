"""Two strategies that herd: doubt weighed by how much of the pool a text covers that no label covers yet."""

from __future__ import annotations

import numpy as np

from modelsvc.acquisition import balanced_scores, doubt_or_gap, doubts, lift
from modelsvc.diversity import suppress_near_duplicates
from modelsvc.herding import WIDTH, adapted_width, herd
from modelsvc.late import late
from modelsvc.matching import match
from modelsvc.pool import Pool
from modelsvc.types import Ranked, Rows, Scores

HERDED = 48  # texts chosen by herding; the queue is ranked anew long before they are used up
EACH_KIND = 2  # labels for each kind met from which on the pool's make-up counts


def herding(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """Uncertainty herding as in the paper (Bae et al. 2025, arXiv 2412.20644): the margin of calibrated probabilities,
    and a reach that shrinks to the least distance of two labelled texts, so that coverage turns into doubt by itself.
    Greedy, so its texts have probability 1; after them come those of `late`. Raises StrategyError without a model."""
    pool.need_proba("herding")
    every = np.arange(pool.size)
    return _herd_then_late(pool, k, rng, doubts(pool, every), adapted_width(pool.labelled_X), "herding")


def early(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """While there are fewer than two labels for each kind met, uncertainty herding with a reach that stays, rare labels
    first and in dense regions first: the next text should be of a kind not met. Then two of three texts are matched
    to the pool's make-up instead, and the herded ones no more from dense regions. `late` follows."""
    pool.need_proba("early")
    if pool.multi_label or len(pool.labelled_Y) < EACH_KIND * np.count_nonzero(pool.counts):
        return _herd_then_late(pool, k, rng, balanced_scores(pool), WIDTH, "early")
    doubt = doubts(pool, np.arange(pool.size))
    lifted = doubt * lift(pool.counts)[pool.need_proba("early").argmax(axis=1)]
    wanted = min(HERDED, k)
    matched = match(pool.X, doubt, wanted - wanted // 3, against=pool.covered_X, rng=rng)
    against = np.concatenate([pool.covered_X, pool.X[matched]])
    herded, _ = herd(pool.X, lifted / max(float(lifted.max()), 1e-9), wanted, against=against, rng=rng)
    rows = _in_turn(matched, herded)[:wanted]
    new = suppress_near_duplicates(pool.X, rows, against=pool.covered_X)  # of a small pool both may have taken all
    rows = np.concatenate([new, rows[~np.isin(rows, new)]])
    return _then_late(pool, k, rng, rows, doubt, "early")


def _in_turn(matched: Rows, herded: Rows) -> Rows:
    """Two of the first, one of the second, and so on; each row once."""
    herded = herded[~np.isin(herded, matched)]
    i, j = np.arange(len(matched)), np.arange(len(herded))
    place = np.concatenate([i + i // 2, 3 * j + 2])
    rows: Rows = np.concatenate([matched, herded])[np.argsort(place, kind="stable")]
    return rows


def _herd_then_late(pool: Pool, k: int, rng: np.random.Generator, scores: Scores, width: float, name: str) -> Ranked:
    herded, _ = herd(pool.X, scores, min(HERDED, k), against=pool.covered_X, rng=rng, width=width)
    return _then_late(pool, k, rng, herded, scores, name)


def _then_late(pool: Pool, k: int, rng: np.random.Generator, herded: Rows, scores: Scores, name: str) -> Ranked:
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

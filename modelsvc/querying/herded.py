"""Two strategies that herd: doubt weighed by how much of the pool a text covers that no label covers yet."""

from __future__ import annotations

import numpy as np

from modelsvc.querying.acquisition import balanced_scores, doubt_or_gap, doubts
from modelsvc.querying.diversity import suppress_near_duplicates
from modelsvc.querying.herding import WIDTH, adapted_width, herd
from modelsvc.querying.late import late
from modelsvc.querying.matching import match
from modelsvc.querying.pool import Pool
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
    """Uncertainty herding with a reach that stays, rare labels first and in dense regions first. Once there are two
    labels for each kind met, so that the next text need not be of a new one, every second text is matched to the pool's
    make-up instead, those at even turns. `late` follows."""
    pool.need_proba("early")
    scores = balanced_scores(pool)
    if pool.multi_label or not has_each_kind(pool):
        return _herd_then_late(pool, k, rng, scores, WIDTH, "early")
    wanted = min(HERDED, k)
    matched = match(pool.X, doubts(pool, np.arange(pool.size)), wanted - wanted // 2, against=pool.covered_X, rng=rng)
    herded, _ = herd(pool.X, scores, wanted, against=np.concatenate([pool.covered_X, pool.X[matched]]), rng=rng)
    rows = (_in_turn(herded, matched) if pool.turn % 2 else _in_turn(matched, herded))[:wanted]
    new = suppress_near_duplicates(pool.X, rows, against=pool.covered_X)  # of a small pool both may have taken all
    return _then_late(pool, k, rng, np.concatenate([new, rows[~np.isin(rows, new)]]), scores, "early")


def has_each_kind(pool: Pool) -> bool:
    """Whether there are EACH_KIND labels for each kind met, so that the next text need not be of a new one."""
    return len(pool.labelled_Y) >= EACH_KIND * int(np.count_nonzero(pool.counts))


def _in_turn(one: Rows, other: Rows) -> Rows:
    """The first of each, the second of each, and so on; each row once."""
    other = other[~np.isin(other, one)]
    place = np.concatenate([2 * np.arange(len(one)), 2 * np.arange(len(other)) + 1])
    rows: Rows = np.concatenate([one, other])[np.argsort(place, kind="stable")]
    return rows


def _herd_then_late(pool: Pool, k: int, rng: np.random.Generator, scores: Scores, width: float, name: str) -> Ranked:
    herded, _ = herd(pool.X, scores, min(HERDED, k), against=pool.covered_X, rng=rng, width=width)
    return _then_late(pool, k, rng, herded, scores, name)


def _then_late(pool: Pool, k: int, rng: np.random.Generator, herded: Rows, scores: Scores, name: str) -> Ranked:
    rest = late(pool, k - len(herded), rng, behind=herded)
    return Ranked(
        np.concatenate([herded, rest.rows]),
        np.concatenate([scores[herded], rest.scores]),
        np.concatenate([np.ones(len(herded), np.float32), rest.probabilities]),
        [*doubt_or_gap(pool, herded), *rest.reasons],
        name,
    )

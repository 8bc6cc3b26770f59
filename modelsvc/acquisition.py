"""From doubt to a draw: scores balanced over labels, stochastic draws with their chances, and the reasons in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.diversity import suppress_near_duplicates
from modelsvc.pool import Pool
from modelsvc.scores import label_margins, margin
from modelsvc.types import Embeddings, Rows, Scores

EXPLORE = 0.1  # share of draws made uniformly: finds what the model is sure of and wrong about
SHARPNESS = 4.0  # power on the scores; see benchmarks/LOG.md
DENSITY_POWER = 0.5
HESITATES = 0.5  # a lead of the first label over the second of less than this is called hesitation
FEW_LIKE_IT = "Asked because few texts like it have been labelled"
EXPLORED = "Asked at random, to find what the model does not expect"


@dataclass(frozen=True)
class Drawn:
    """Rows in the order drawn, the chance of each at its turn, and whether it came from the uniform share."""

    rows: Rows  # (K,)
    probabilities: NDArray[np.float32]  # (K,)
    explored: NDArray[np.bool_]  # (K,)


def balanced_scores(pool: Pool) -> Scores:
    """Doubt x density^.5, lifted where few labels were given. (N,) in 0..1; ones while there is no model."""
    if pool.proba is None:
        return np.ones(pool.size, np.float32)
    counts = pool.counts
    lift = np.clip(np.sqrt((np.median(counts) + 1) / (counts + 1)), 0.5, 2.0).astype(np.float32)  # (C,)
    if pool.multi_label:
        each = label_margins(pool.proba)  # (N, C)
        # A rare label's probability seldom reaches even: its least settled text counts as fully unsettled.
        each = each / np.maximum(each.max(axis=0), 1e-6) * (lift / lift.max())
        doubt = each.max(axis=1)
    else:
        doubt = margin(pool.proba) * lift[pool.proba.argmax(axis=1)]
    scores: Scores = (doubt * density(pool) ** DENSITY_POWER).astype(np.float32)
    scores /= max(float(scores.max()), 1e-9)
    return scores


def density(pool: Pool) -> Scores:
    """Mean cosine to the whole pool, as half of 1 + it, so in 0..1 (Settles & Craven 2008). (N,)"""
    mean = pool.X.mean(axis=0)
    closeness: Scores = np.clip((1 + pool.X @ mean) / 2, 0.0, 1.0).astype(np.float32)
    return closeness


def draw(scores: Scores, k: int, *, rng: np.random.Generator) -> Drawn:
    """k rows without replacement, each from (1 - e) * scores^b / sum + e * uniform over what is left.

    The scored share is Gumbel top-k, which is drawing in turn by weight (Kool et al. 2019, arXiv 1903.06059; power
    acquisition: Kirsch et al. 2021, arXiv 2106.12059).
    """
    N = len(scores)
    logits = SHARPNESS * np.log(np.maximum(scores.astype(np.float64), 1e-12))
    weights = np.exp(logits - logits.max(initial=-np.inf)) if N else logits
    by_score = iter(np.argsort(-(logits + rng.gumbel(size=N)), kind="stable").tolist())
    by_chance = iter(rng.permutation(N).tolist())
    uniform = rng.random(k) < EXPLORE
    taken = np.zeros(N, np.bool_)
    left = float(weights.sum())
    rows, chances = np.empty(k, np.int64), np.empty(k, np.float32)
    for i in range(k):
        source = by_chance if uniform[i] else by_score
        row = next(row for row in source if not taken[row])
        scored = min(1.0, float(weights[row]) / left) if left > 0 else 0.0
        chances[i] = (1 - EXPLORE) * scored + EXPLORE / (N - i)
        rows[i], taken[row] = row, True
        left = max(left - float(weights[row]), 0.0)
    return Drawn(rows, np.clip(chances, 0, 1), uniform)


def drawn_apart(X: Embeddings, scores: Scores, k: int, *, against: Embeddings, rng: np.random.Generator) -> Drawn:
    """k rows as `draw` draws them, those last that say what an earlier one or one of `against` (M, D) says already.
    X is (N, D), scores (N,). Chances are those of the turn at which a row was drawn."""
    # Half as many again: what is drawn beyond k stands in for near duplicates.
    drawn = draw(scores, min(len(X), k + k // 2 + 8), rng=rng)
    distinct = suppress_near_duplicates(X, drawn.rows, against=against)
    order = np.concatenate([distinct, drawn.rows[~np.isin(drawn.rows, distinct)]])[:k]
    place = {row: i for i, row in enumerate(drawn.rows.tolist())}
    at = np.array([place[row] for row in order.tolist()], np.int64)
    return Drawn(order, drawn.probabilities[at], drawn.explored[at])


def doubts(pool: Pool, rows: Rows) -> Scores:
    """How even the model's mind is on each of these rows: 1 - lead of the first label, or of the least settled label's
    two answers. (K,) in 0..1; ones while there is no model."""
    if pool.proba is None or not len(rows):
        return np.ones(len(rows), np.float32)
    proba = pool.proba[rows]
    return label_margins(proba).max(axis=1) if pool.multi_label else margin(proba)


def hesitation(pool: Pool, rows: Rows) -> list[str]:
    """Why each row is asked, in words that name labels."""
    if pool.proba is None or not len(rows):
        return ["Asked because there is no model yet"] * len(rows)
    names, proba = pool.label_names, pool.proba[rows]
    if pool.multi_label:
        return [f"Asked because the model is unsure whether {names[c]} applies" for c in label_margins(proba).argmax(1)]
    if len(names) < 2:
        return ["Asked because few texts have been labelled"] * len(rows)
    first_two = np.argsort(-proba, axis=1, kind="stable")[:, :2]
    return [f"Asked because the model hesitates between {names[a]} and {names[b]}" for a, b in first_two]


def doubt_or_gap(pool: Pool, rows: Rows) -> list[str]:
    """Why each row is asked by a strategy that weighs doubt and spread: whichever of them tells more."""
    return [
        words if doubt >= HESITATES else FEW_LIKE_IT
        for words, doubt in zip(hesitation(pool, rows), doubts(pool, rows), strict=True)
    ]

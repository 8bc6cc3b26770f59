"""What doubt is worth: scores balanced over labels, and the reasons in words."""

from __future__ import annotations

import numpy as np

from modelsvc.querying.pool import Pool
from modelsvc.querying.scores import label_margins, margin
from modelsvc.types import Rows, Scores

DENSITY_POWER = 0.5
HESITATES = 0.5  # a lead of the first label over the second of less than this is called hesitation
FEW_LIKE_IT = "Asked because few texts like it have been labelled"
EXPLORED = "Asked at random, to find what the model does not expect"


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

"""BADGE: a batch that is doubtful and diverse at once, by k-means++ on gradient embeddings.

Ash et al. 2020 (arXiv 1906.03671). A text's gradient embedding is the gradient of the loss of the head's own answer
for the last layer: the outer product of the residual a = p - answer (C,) and the embedding e (D,). It is long where
the head is unsure and points where the text would move the head. It is never built: <g_i, g_j> = <a_i, a_j><e_i, e_j>.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.querying.acquisition import doubt_or_gap
from modelsvc.querying.pool import Pool
from modelsvc.types import Embeddings, Proba, Ranked, Rows

MOVING = 48  # draws after each of which distances are counted anew; the queue is ranked again before they are used up


def badge(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """k texts drawn one by one by the squared distance of their gradient to the nearest one drawn before, the first by
    its squared length: a labelled text's gradient is about 0. Raises StrategyError without a model."""
    proba = pool.need_proba("badge")
    residual = residuals(proba, pool.thresholds, multi_label=pool.multi_label)
    rows, chances, distances = spread_draw(residual, pool.X, k, rng=rng)
    return Ranked(rows, distances, chances, doubt_or_gap(pool, rows), "badge")


def residuals(proba: Proba, thresholds: NDArray[np.float32] | None, *, multi_label: bool) -> NDArray[np.float32]:
    """p minus the head's own answer: its likeliest label, or every label at or above its threshold. (N, C) -> (N, C)"""
    residual = proba.astype(np.float32).copy()
    if multi_label:
        residual -= proba >= (0.5 if thresholds is None else thresholds)
    elif proba.shape[1]:
        residual[np.arange(len(proba)), proba.argmax(axis=1)] -= 1
    return residual


def spread_draw(
    residual: NDArray[np.float32], X: Embeddings, k: int, *, rng: np.random.Generator
) -> tuple[Rows, NDArray[np.float32], NDArray[np.float32]]:
    """k-means++ seeding (Arthur & Vassilvitskii 2007) on the outer products of residual (N, C) and X (N, D).

    -> rows (k,), the chance of each at its turn (k,), its squared distance then (k,). After MOVING draws distances
    stand still. Where all that is left repeats what is drawn, rows are drawn evenly.
    """
    size = np.einsum("nc,nc->n", residual, residual) * np.einsum("nd,nd->n", X, X)  # squared lengths
    far = size.astype(np.float64)
    rows, chances, distances = np.empty(k, np.int64), np.empty(k, np.float32), np.empty(k, np.float32)
    free = np.ones(len(X), np.bool_)
    for i in range(k):
        weights = np.where(free, far, 0.0)
        if weights.sum() <= 1e-9 * max(1, len(X) - i):
            weights = free.astype(np.float64)
        weights /= weights.sum()
        row = int(rng.choice(len(X), p=weights))
        rows[i], chances[i], distances[i] = row, weights[row], far[row]
        free[row] = False
        if i < MOVING:
            product = (residual @ residual[row]) * (X @ X[row])
            far = np.maximum(np.minimum(far, size + size[row] - 2 * product), 0.0)
    return rows, chances, distances

"""Core-set: ask for the text that lies farthest from every labelled one, again and again.

k-center greedy (Sener & Savarese 2018, arXiv 1708.00489). It leaves no region of the pool unseen, and so finds
outliers first: with few labels it is behind random order in the literature.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.querying.diversity import suppress_near_duplicates
from modelsvc.querying.pool import Pool
from modelsvc.types import Embeddings, Ranked, Rows

MOVING = 48  # texts after each of which distances are counted anew; the queue is ranked again before they are used up
BLOCK = 1_024  # labelled texts compared at once, and four times as many of the pool: 16 MB
FAR = "Asked because it is far from every text labelled so far"


def core_set(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """k texts, each the farthest from what is labelled or taken before it; without labels the first is the one nearest
    to the pool's centre. Follows from the pool alone. Asks no model."""
    rows, gaps = farthest(pool.X, k, covered=pool.covered_X)
    return Ranked(rows, gaps, np.ones(k, np.float32), [FAR] * k, "core-set")


def farthest(X: Embeddings, k: int, *, covered: Embeddings) -> tuple[Rows, NDArray[np.float32]]:
    """Rows (k,) of X (N, D), unit rows, and 1 - cosine of each to the nearest row before it or of `covered` (M, D).

    After MOVING rows distances stand still: the rest come by distance, those that repeat one another last.
    """
    closest = _closest(X, covered)  # (N,)
    rows, gaps = np.empty(min(k, MOVING), np.int64), np.empty(k, np.float32)
    for i in range(len(rows)):
        row = int(closest.argmin()) if i or len(covered) else int((X @ X.mean(axis=0)).argmax())
        rows[i], gaps[i] = row, 1 - max(float(closest[row]), -1.0)
        np.maximum(closest, X @ X[row], out=closest)
        closest[rows[: i + 1]] = 3  # taken: rounding may leave a repeat as near to it as itself
    if k <= MOVING:
        return rows, np.clip(gaps, 0, 2)
    rest = np.argsort(closest, kind="stable")[: len(X) - len(rows)]
    distinct = suppress_near_duplicates(X, rest[: 2 * k])
    rest = np.concatenate([distinct, rest[~np.isin(rest, distinct)]])[: k - MOVING]
    gaps[MOVING:] = 1 - closest[rest]
    return np.concatenate([rows, rest]).astype(np.int64), np.clip(gaps, 0, 2)


def _closest(X: Embeddings, covered: Embeddings) -> NDArray[np.float32]:
    """Cosine to the nearest of `covered`, -1 where there is none. (N, D), (M, D) -> (N,)"""
    closest = np.full(len(X), -1, np.float32)
    for at in range(0, len(covered), BLOCK):
        for start in range(0, len(X), 4 * BLOCK):
            part = closest[start : start + 4 * BLOCK]
            similar = X[start : start + 4 * BLOCK] @ covered[at : at + BLOCK].T
            np.maximum(part, similar.max(axis=1), out=part)
    return closest

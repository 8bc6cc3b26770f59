"""Cold start by the labels' own names: texts that stand for groups, and of these first some that sound like each label.

A label's name and description, read by the encoder like any text, are a prototype of it. Nothing is decided by them:
every candidate is the medoid of a group, so a name that says nothing costs some of the order and none of the spread.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.querying.diversity import medoids
from modelsvc.querying.pool import Pool
from modelsvc.types import Embeddings, Ranked

WINDOW = 8  # medoids more than are taken among which the labels choose
STANDS_FOR = "Asked because it stands for a group of similar texts"


def cold_names(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """k medoids by turns of the labels, the one with fewest texts given or taken first; in its turn a label takes the
    medoid most like its name. Without label names plain medoids. Asks no model."""
    if pool.label_X is None:
        rows = medoids(pool.X, k, rng=rng, covered=pool.covered_X)
        return Ranked(
            rows, np.linspace(1, 0, k, dtype=np.float32), np.ones(k, np.float32), [STANDS_FOR] * k, "cold-names"
        )
    spread = medoids(pool.X, min(pool.size, k + WINDOW), rng=rng, covered=pool.covered_X)
    likeness = name_likeness(pool.X, pool.label_X)[spread]  # (K', C)
    held = pool.counts.astype(np.float64)
    free = np.ones(len(spread), np.bool_)
    chosen, reasons = np.empty(k, np.int64), []
    for i in range(k):
        window = np.flatnonzero(free[: i + WINDOW + 1])
        label = int(held.argmin())
        best = int(window[likeness[window, label].argmax()])
        chosen[i], free[best] = best, False
        held[label] += 1
        reasons.append(f"{STANDS_FOR}, and perhaps for {pool.label_names[label]}")
    return Ranked(spread[chosen], np.linspace(1, 0, k, dtype=np.float32), np.ones(k, np.float32), reasons, "cold-names")


def name_likeness(X: Embeddings, label_X: Embeddings) -> NDArray[np.float32]:
    """Cosine of each text (N, D) to each label's name (C, D), in units of its own spread over the pool: (N, C). Some
    names are near to every text and some to none; only what is unusual for a name speaks for it."""
    cosine = X @ label_X.T
    spread: NDArray[np.float32] = (cosine - cosine.mean(axis=0)) / np.maximum(cosine.std(axis=0), 1e-6)
    return spread

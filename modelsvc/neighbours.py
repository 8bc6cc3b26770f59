"""Texts of like meaning: the cosine of every stored embedding with one, block by block from the memory map, so that a
large pool never stands in memory as float32. Exact: a hundred thousand texts take about a tenth of a second, too little
for an index of approximate neighbours. No torch here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelsvc.store import Halves, Ids

BLOCK = 512  # texts at once: 0.8 MB as float32 at a width of 384

Shard = tuple[Ids, Halves]  # as EmbeddingStore.shards gives them: opened once, read twice
Vector = NDArray[np.float32]  # (D,), of unit length
Similarities = NDArray[np.float32]  # (N,)


def nearest(shards: Sequence[Shard], query: Vector) -> tuple[Ids, Similarities]:
    """Every stored text, the most alike first: ids (N,) and cosines (N,). An id stored twice comes once.

    Embeddings are stored with unit length, so the cosine is a product.
    """
    if not shards:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    ids = np.concatenate([shard_ids for shard_ids, _ in shards])
    similarity = np.concatenate([_cosines(X, query) for _, X in shards])
    order = np.argsort(-similarity, kind="stable")
    ids, similarity = ids[order], similarity[order]
    _, first = np.unique(ids, return_index=True)
    if len(first) < len(ids):
        keep = np.sort(first)
        ids, similarity = ids[keep], similarity[keep]
    return ids, similarity


def mean_of(shards: Sequence[Shard], ids: Ids) -> Vector | None:
    """What these texts have in common: the mean of their embeddings, of unit length. None where none of them is stored,
    or they cancel out."""
    wanted = np.asarray(ids, np.int64)
    sums = [
        X[rows].astype(np.float64).sum(axis=0)
        for shard_ids, X in shards
        if len(rows := np.flatnonzero(np.isin(shard_ids, wanted)))
    ]
    total = np.sum(sums, axis=0) if sums else np.zeros(1)
    length = float(np.linalg.norm(total))
    return (total / length).astype(np.float32) if length > 1e-6 else None


def _cosines(X: Halves, query: Vector) -> Similarities:
    """(n, D) in half precision -> (n,). One small buffer, used again, stays in the processor's cache: to widen the
    numbers takes most of the time, and a fresh buffer each time half as long again."""
    wide, found = np.empty((BLOCK, X.shape[1]), np.float32), np.empty(len(X), np.float32)
    for start in range(0, len(X), BLOCK):
        part = X[start : start + BLOCK]
        np.copyto(wide[: len(part)], part)
        np.dot(wide[: len(part)], query, out=found[start : start + len(part)])
    return found

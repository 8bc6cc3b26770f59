"""Texts of like meaning: the cosine of every stored embedding with one, block by block from the memory map, so that a
large pool never stands in memory as float32. Exact: half a million multiplications a text and millisecond need no index
of approximate neighbours. No torch here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from modelsvc.store import EmbeddingStore, Ids

BLOCK = 4096  # texts at once: 6 MB as float32 at a width of 384

Vector = NDArray[np.float32]  # (D,), of unit length
Similarities = NDArray[np.float32]  # (N,)


def nearest(store: EmbeddingStore, query: Vector) -> tuple[Ids, Similarities]:
    """Every stored text, the most alike first: ids (N,) and cosines (N,). An id stored twice comes once.

    Embeddings are stored with unit length, so the cosine is a product.
    """
    parts = [(ids, X @ query) for ids, X in _blocks(store)]
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    ids, similarity = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(-similarity, kind="stable")
    ids, similarity = ids[order], similarity[order]
    _, first = np.unique(ids, return_index=True)
    if len(first) < len(ids):
        keep = np.sort(first)
        ids, similarity = ids[keep], similarity[keep]
    return ids, similarity


def mean_of(store: EmbeddingStore, ids: Ids) -> Vector | None:
    """What these texts have in common: the mean of their embeddings, of unit length. None where none of them is stored,
    or they cancel out."""
    total, wanted = np.zeros(store.width, np.float64), np.asarray(ids, np.int64)
    for shard_ids, path in store.shards():
        rows = np.flatnonzero(np.isin(shard_ids, wanted))
        if len(rows):
            total += np.load(path, mmap_mode="r")[rows].astype(np.float64).sum(axis=0)
    length = float(np.linalg.norm(total))
    return (total / length).astype(np.float32) if length > 1e-6 else None


def _blocks(store: EmbeddingStore) -> Iterator[tuple[Ids, NDArray[np.float32]]]:
    for ids, path in store.shards():
        X = np.load(path, mmap_mode="r")
        for start in range(0, len(ids), BLOCK):
            yield ids[start : start + BLOCK], X[start : start + BLOCK].astype(np.float32)

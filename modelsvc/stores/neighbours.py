"""Texts of like meaning: the cosine of every stored embedding with one, block by block from the memory map, so that a
large pool never stands in memory as float32. Exact: a hundred thousand texts take some fortieth of a second, too little
for an index of approximate neighbours. No torch here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelsvc.stores.store import Halves, Ids

BLOCK = 256  # texts at once: 0.4 MB as float32 at a width of 384, which stays in the processor's cache

Shard = tuple[Ids, Halves]  # as EmbeddingStore.shards gives them: opened once, read twice
Vector = NDArray[np.float32]  # (D,), of unit length
Similarities = NDArray[np.float32]  # (N,)
Places = NDArray[np.int64]

# The bits of a half, sign extended to 32 and moved up by the 13 by which a float32's fraction is longer, are those of
# the float32 that is 2^112 times smaller (127 - 15, the difference of their biases), once what the sign has written
# between itself and the exponent is cleared.
_LONGER, _SIGN_AND_NUMBER, _SMALLER = 13, np.int32(0x8FFFE000 - (1 << 32)), np.float32(2.0**112)


def cosines(shards: Sequence[Shard], query: Vector) -> tuple[Ids, Similarities]:
    """Every stored text once: ids (N,) and their cosines (N,), in no order. Of an id that was stored twice the later
    vector holds. Embeddings are stored with unit length, so the cosine is a product."""
    if not shards:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    ids = np.concatenate([shard_ids for shard_ids, _ in shards])
    similarity = np.concatenate([_cosines(X, query) for _, X in shards])
    if (np.diff(ids) > 0).all():  # as pools are read: nothing twice, and no need to sort
        return ids, similarity
    once, last = np.unique(ids[::-1], return_index=True)
    return once, similarity[::-1][last]


def highest(similarity: Similarities, count: int) -> Places:
    """Where the `count` highest stand, the highest first."""
    if count >= len(similarity):
        return np.argsort(-similarity, kind="stable")
    some = np.argpartition(-similarity, count)[:count]
    return some[np.argsort(-similarity[some], kind="stable")]


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
    """(n, D) in half precision -> (n,), to the last bit what widening each number would give. Numpy widens a half by a
    function call each, which took four fifths of the time; its bits are moved many at once. Only for finite numbers,
    as vectors of unit length are."""
    bits, found = np.empty((BLOCK, X.shape[1]), np.int32), np.empty(len(X), np.float32)
    halves, enlarged = X.view(np.int16), query * _SMALLER
    for start in range(0, len(X), BLOCK):
        part = halves[start : start + BLOCK]
        block = bits[: len(part)]
        np.copyto(block, part)
        np.left_shift(block, _LONGER, out=block)
        np.bitwise_and(block, _SIGN_AND_NUMBER, out=block)
        np.dot(block.view(np.float32), enlarged, out=found[start : start + len(part)])
    return found

"""Spread: texts that stand for groups of texts, and no text twice in other words.

All rows are of unit length, so the dot product is the cosine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Embeddings, Rows

SAMPLE_ABOVE = 6_000  # centroids are learnt from at most this many rows: spread is settled long before
LLOYD_STEPS = 6
FIRST_LEVEL = 8
LAST_LEVEL = 512  # more groups than this are not told apart by few labels
BLOCK = 1_024  # rows compared at once: with 5,000 others a third faster than 4,096, which outgrow the cache
SAME_WORDING = 0.95  # cosine above which a text says what another one says
SHORT = 64  # directions in which rows are compared first: on TREC-6 and AG one row in twenty then wants a second look
ROUNDING = 1e-3  # of a cosine; far more than float32 loses


class DiversityError(ValueError):
    """More texts asked for than there are: the sentence has both numbers."""


def medoids(X: Embeddings, k: int, *, rng: np.random.Generator, covered: Embeddings | None = None) -> Rows:
    """k distinct rows of X (N, D), each nearest to the centre of a group; every prefix is itself well spread.

    Groups come from k-means at 8, 16, 32, ... groups, each level grown from the last; a level adds the medoids of the
    groups in which nothing is chosen yet, largest group first. Groups that hold a row of `covered` (M, D), texts
    already labelled, count as chosen. Medoids of as many groups as labels wanted beat random and uncertain choice
    when there are no labels (BERT-KM in Yu et al. 2023, arXiv 2209.06995, table 1). Raises DiversityError for k > N.
    """
    N = X.shape[0]
    if k > N:
        raise DiversityError(f"{k} texts were asked for but the pool has {N}.")
    held = 0 if covered is None else covered.shape[0]
    chosen: list[int] = []
    centres = np.zeros((0, X.shape[1]), np.float32)
    sample = X if N <= SAMPLE_ABOVE else X[np.sort(rng.choice(N, SAMPLE_ABOVE, replace=False))]
    for groups in _levels(min(held + k, N), held):
        if len(chosen) >= k:
            break
        centres = _kmeans(sample, _grow(sample, centres, groups, rng))
        cosine, group = _nearest(X, centres)
        sizes = np.bincount(group, minlength=len(centres))
        taken = set(group[chosen].tolist())
        if covered is not None and held:
            taken |= set(_nearest(covered, centres)[1].tolist())
        by_closeness = np.lexsort((-cosine, group))  # each group's rows together, its medoid first
        first = np.searchsorted(group[by_closeness], np.arange(len(centres)))
        fresh = [g for g in np.argsort(-sizes, kind="stable") if sizes[g] and g not in taken]
        chosen += [int(by_closeness[first[g]]) for g in fresh]
    return np.array(_top_up(X, chosen, k, rng), np.int64)


def suppress_near_duplicates(X: Embeddings, order: Rows, *, against: Embeddings | None = None) -> Rows:
    """`order` (K,) without rows that say what an earlier one, or one of `against` (M, D), says already: whose cosine is
    above SAME_WORDING. Keeps the order."""
    if against is not None and len(against):
        order = order[~repeating(X[order], against)]
    kept: list[int] = []
    seen = np.zeros((0, X.shape[1]), np.float32)
    for start in range(0, len(order), 256):
        rows = order[start : start + 256]
        block = X[rows]
        free = np.ones(len(rows), np.bool_)
        if len(seen):
            free = (block @ seen.T).max(axis=1) <= SAME_WORDING
        alike = block @ block.T > SAME_WORDING
        for i in range(len(rows)):
            if free[i]:
                free[i + 1 :] &= ~alike[i, i + 1 :]
        kept += rows[free].tolist()
        seen = np.concatenate([seen, block[free]])
    return np.array(kept, np.int64)


def repeating(X: Embeddings, against: Embeddings) -> NDArray[np.bool_]:
    """Which rows of X (N, D) say what one of `against` (M, D) says already: cosine above SAME_WORDING. (N,)"""
    found = np.zeros(len(X), np.bool_)
    if not len(X) or not len(against):
        return found
    doubtful = np.arange(len(X))
    if min(len(X), len(against)) > 2 * SHORT and X.shape[1] > 2 * SHORT:
        # What two rows have beyond these directions adds at most the product of its lengths (Cauchy and Schwarz).
        directions = np.linalg.qr(against[:: len(against) // SHORT][:SHORT].T)[0]  # (D, SHORT)
        most = _nearest(_shortened(X, directions), _shortened(against, directions))[0]
        doubtful = np.flatnonzero(most > SAME_WORDING - ROUNDING)
    found[doubtful] = _nearest(X[doubtful], against)[0] > SAME_WORDING
    return found


def _shortened(X: Embeddings, directions: Embeddings) -> Embeddings:
    """X in these directions, and the length of the rest. (N, D), (D, E) -> (N, E + 1)"""
    seen = X @ directions
    rest = np.einsum("nd,nd->n", X, X) - np.einsum("ne,ne->n", seen, seen)
    short: Embeddings = np.concatenate([seen, np.sqrt(np.maximum(rest, 0))[:, None]], axis=1)
    return short


def _levels(wanted: int, held: int) -> list[int]:
    """What is held already and 8, 16, 32, ... more, then the number wanted itself: how many are wanted decides only
    where to stop. _levels(200, 0) = 8, 16, ..., 128, 200"""
    wanted = min(wanted, LAST_LEVEL)
    doublings = [held + (FIRST_LEVEL << i) for i in range(12) if held + (FIRST_LEVEL << i) < wanted]
    return [*doublings, wanted]


def _grow(X: Embeddings, centres: Embeddings, groups: int, rng: np.random.Generator) -> Embeddings:
    """More centres by k-means++ (Arthur & Vassilvitskii 2007): rows drawn by squared distance to the nearest centre.
    Drawn in a few rounds, not one by one: thousands of matrix-vector products would cost more than Lloyd repairs."""
    while len(centres) < groups:
        distance = np.maximum(1 - _nearest(X, centres)[0], 0) if len(centres) else np.ones(len(X), np.float32)
        spread = int(np.count_nonzero(distance > 1e-6))
        if spread == 0:
            break
        missing = min(groups - len(centres), max(1, len(centres) // 4), spread)
        # Gumbel top-k on log weights = draws without replacement by weight.
        keys = np.log(np.where(distance > 1e-6, distance, 1e-30)) + rng.gumbel(size=len(X))
        centres = np.concatenate([centres, X[np.argsort(-keys)[:missing]]])
    return centres


def _kmeans(X: Embeddings, centres: Embeddings) -> Embeddings:
    """Lloyd's steps on the sphere: assign, average, back to unit length. An empty group keeps its centre."""
    from scipy.sparse import csr_matrix  # here, not above: most imports of this module never cluster

    for _ in range(LLOYD_STEPS):
        _, group = _nearest(X, centres)
        member = csr_matrix((np.ones(len(X), np.float32), (group, np.arange(len(X)))), shape=(len(centres), len(X)))
        sums = member @ X
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        moved = np.where(length > 1e-9, sums / np.maximum(length, 1e-9), centres).astype(np.float32)
        settled = float(np.einsum("kd,kd->k", moved, centres).min()) > 1 - 1e-4
        centres = moved
        if settled:
            break
    return centres


def _nearest(X: Embeddings, centres: Embeddings) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cosine to the nearest centre and which one it is. (N, D), (K, D) -> (N,), (N,); in blocks, to bound memory."""
    cosine, nearest = np.empty(len(X), np.float32), np.empty(len(X), np.int64)
    for start in range(0, len(X), BLOCK):
        similar = X[start : start + BLOCK] @ centres.T
        best = similar.argmax(axis=1)
        nearest[start : start + BLOCK] = best
        cosine[start : start + BLOCK] = similar[np.arange(len(best)), best]
    return cosine, nearest


def _top_up(X: Embeddings, chosen: list[int], k: int, rng: np.random.Generator) -> list[int]:
    """Exactly k distinct rows: where texts repeat there are fewer groups than k, and any rest will do."""
    chosen = list(dict.fromkeys(chosen))[:k]
    if len(chosen) < k:
        rest = np.setdiff1d(np.arange(len(X)), np.array(chosen, np.int64))
        chosen += rng.choice(rest, k - len(chosen), replace=False).tolist()
    return chosen

"""Herding: choose texts so that every doubtful text of the pool has a chosen or labelled one nearby."""

from __future__ import annotations

import numpy as np

from modelsvc.querying.diversity import suppress_near_duplicates
from modelsvc.types import Embeddings, Rows, Scores

REFERENCES = 1_500  # pool texts whose coverage is counted
CANDIDATES = 1_000  # pool texts that may be chosen
ANCHORS = 2_000  # labelled texts that cover already, newest last: the oldest are left out above this
WIDTH = 1.0  # squared distance at which a text covers another by 1/e; cosine .5 on unit rows. Measured: .5, 1, 2


def adapted_width(labelled: Embeddings) -> float:
    """The paper's width, the square of the least distance between two labelled texts (M, D), which shrinks as labels
    come; WIDTH while there are none. Texts in the same words do not count as two: their distance would end all
    coverage."""
    distinct = labelled[suppress_near_duplicates(labelled, np.arange(len(labelled))[-ANCHORS:])]
    if len(distinct) < 2:
        return WIDTH
    similar = distinct @ distinct.T
    np.fill_diagonal(similar, -1)
    return 2 - 2 * float(similar.max())


def herd(
    X: Embeddings,
    doubt: Scores,
    k: int,
    *,
    against: Embeddings,
    rng: np.random.Generator,
    width: float = WIDTH,
) -> tuple[Rows, Scores]:
    """Greedy k rows of X (N, D) that most raise  sum_i doubt_i * max_j kernel(x_i, x_j)  over chosen and labelled j.

    Uncertainty herding (Bae et al. 2025, arXiv 2412.20644), from the paper: with even doubt it is coverage, with few
    gaps left it is uncertainty. Counted on a sample of the pool; candidates are the most doubtful half of them and a
    random half. `against` (M, D) is what is labelled, `width` the squared distance at which the kernel is 1/e.
    -> rows (k,), and each one's gain as a share of the first.
    """
    N = len(X)
    references = rng.choice(N, min(N, REFERENCES), replace=False)
    candidates = _candidates(X, doubt, k, against=against, rng=rng)
    covers = kernel(X[candidates], X[references], width)  # (K', R)
    covered = kernel(X[references], against[-ANCHORS:], width).max(axis=1, initial=0.0)  # (R,)
    weight = doubt[references]
    chosen: list[int] = []
    gains = np.empty(k, np.float32)
    stale = np.full(len(candidates), np.inf, np.float32)  # an upper bound: gains only shrink (submodular)
    for i in range(k):
        for _ in range(len(candidates) + 1):  # each once, then the best of them again; a gain of NaN would never end it
            best = int(stale.argmax())
            gain = float(np.maximum(covers[best] - covered, 0) @ weight)
            stale[best] = gain
            if gain >= stale.max():
                break
        chosen.append(best)
        gains[i] = gain
        stale[best] = -1.0
        covered = np.maximum(covered, covers[best])
    return candidates[chosen], gains / max(float(gains[:1].sum()), 1e-9)


def _candidates(X: Embeddings, doubt: Scores, k: int, *, against: Embeddings, rng: np.random.Generator) -> Rows:
    N = len(X)
    rows = np.arange(N)
    half = max(CANDIDATES, 2 * k) // 2
    if 2 * half < N:
        doubtful = np.argpartition(-doubt, half)[:half]
        rows = np.union1d(doubtful, rng.choice(N, half, replace=False))
    distinct = suppress_near_duplicates(X, rows[np.argsort(-doubt[rows], kind="stable")], against=against)
    if len(distinct) >= k:
        return distinct
    repeats = np.setdiff1d(rows, distinct)
    return np.concatenate([distinct, repeats[: k - len(distinct)]]).astype(np.int64)


def kernel(A: Embeddings, B: Embeddings, width: float) -> Embeddings:
    """exp(-|a - b|^2 / width) of unit rows. (K, D), (R, D) -> (K, R)"""
    similar = A @ B.T
    similar -= 1
    similar *= 2 / width
    np.exp(similar, out=similar)
    return similar

"""Matching: choose texts so that what is labelled has the make-up of the pool, doubtful regions counting for more.

Kernel herding (Chen, Welling & Smola 2010, arXiv 1203.3472): each text brings the mean of the kernel over chosen and
labelled texts nearer to its mean over the pool. Coverage is satisfied with one text near many; a region of texts that
are unlike one another, such as questions for what something is, has no such text and gets too few.
"""

from __future__ import annotations

import numpy as np

from modelsvc.querying.diversity import suppress_near_duplicates
from modelsvc.querying.herding import ANCHORS, WIDTH, kernel
from modelsvc.types import Embeddings, Rows, Scores

REFERENCES = 1_500  # pool texts that stand for the pool
CANDIDATES = 1_500  # pool texts that may be chosen, at random: doubt counts in what is matched


def match(
    X: Embeddings, doubt: Scores, k: int, *, against: Embeddings, rng: np.random.Generator, width: float = WIDTH
) -> Rows:
    """Greedy k rows of X (N, D), each the one that is most like the pool, weighed by `doubt` (N,), and least like what
    is chosen already or `against` (M, D), which is labelled. `width` is the squared distance at which the kernel is
    1/e. Texts in the words of another one, or of a labelled one, come only when nothing else is left."""
    N = len(X)
    references = rng.choice(N, min(N, REFERENCES), replace=False)
    candidates = rng.choice(N, min(N, max(CANDIDATES, 2 * k)), replace=False).astype(np.int64)
    distinct = suppress_near_duplicates(X, candidates, against=against)
    new = len(distinct)  # the first so many rows; those behind them repeat something
    if new < k:
        distinct = np.concatenate([distinct, np.setdiff1d(candidates, distinct)[: k - new]])
    weight = doubt[references] / max(float(doubt[references].sum()), 1e-9)
    wanted = kernel(X[distinct], X[references], width) @ weight  # (K',)
    anchors = against[-ANCHORS:]
    held = kernel(X[distinct], anchors, width).sum(axis=1)  # (K',)
    chosen: list[int] = []
    for i in range(k):
        gain = wanted - held / (len(anchors) + i + 1)
        gain[chosen] = -np.inf
        best = int(gain[:new].argmax()) if i < new else int(gain.argmax())
        chosen.append(best)
        held += kernel(X[distinct], X[distinct[[best]]], width)[:, 0]
    return distinct[chosen]

"""Cross-fitting: every labelled text scored by a head that has not seen it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.logistic import fit_subsets
from modelsvc.heads.prototypes import Prototypes
from modelsvc.types import Embeddings, Look, Targets, unwatched


def stratified_folds(Y: Targets, *, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row: (n, C) -> (n,) in 0..folds-1, sizes apart by at most 1, each label spread evenly.

    With several labels a text counts for its rarest one. Follows from Y and the seed alone.
    """
    n = Y.shape[0]
    counts = Y.sum(axis=0, dtype=np.int64)
    rarity = np.where(Y > 0, counts, n + 1)
    stratum = np.where(Y.any(axis=1), rarity.argmin(axis=1), Y.shape[1])
    order = np.lexsort((np.random.default_rng(seed).random(n), stratum))
    assigned = np.empty(n, np.int64)
    assigned[order] = np.arange(n) % folds
    return assigned


def enough_folds(Y: Targets) -> int:
    """How many of them a calibration takes, Y (n, C): fewer of many texts or labels, whose folds take long."""
    return 5 if Y.size <= 20_000 else 3


def cross_fit_logits(
    X: Embeddings,
    Y: Targets,
    *,
    multi_label: bool,
    seed: int,
    folds: int,
    names: Prototypes | None = None,
    look: Look = unwatched,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Out-of-fold logits (n, C), and which rows (n,) are fair to score: those whose labels their fold could learn.

    Every fold starts from zero, never from a head that saw the left-out rows; each learns from `names` too, where there
    are any. One row alone has nobody to learn from: its logits are all 0.
    """
    n, C = Y.shape
    folds = min(folds, n)
    if folds < 2:
        return np.zeros((n, C), np.float32), np.zeros(n, np.bool_)
    fold = stratified_folds(Y, folds=folds, seed=seed)
    included = (fold[None, :] != np.arange(folds)[:, None]).astype(np.float32)  # (F, n)
    seen = included @ Y.astype(np.float32)  # (F, C)
    taught_X, taught_Y = X, Y
    if names is not None:
        taught_X, taught_Y = names.beside(X, Y)
        included = np.concatenate([included, names.weights(seen)], axis=1)
        seen = included @ taught_Y.astype(np.float32)
    weights, bias = fit_subsets(taught_X, taught_Y, included, multi_label=multi_label, look=look)
    logits = np.empty((n, C), np.float32)
    for f in range(folds):
        mine = fold == f
        logits[mine] = X[mine] @ weights[f] + bias[f]
    scorable: NDArray[np.bool_] = ((Y == 0) | (seen > 0)[fold]).all(axis=1)
    return logits, scorable

"""The quick model with several labels a text: one sigmoid a label, each with a scale, an offset and a threshold of its
own (per_label.py), the scale and offset folded into its weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.folds import cross_fit_logits, enough_folds, stratified_folds
from modelsvc.heads.links import sigmoid
from modelsvc.heads.logistic import fit_linear
from modelsvc.heads.per_label import moved_like, over, shrunk_scales, thresholds_for
from modelsvc.types import Embeddings, Head, Look, Proba, Targets

Mask = NDArray[np.bool_]


def fit_several(
    X: Embeddings,
    Y: Targets,
    warm: Head | None,
    *,
    seed: int,
    calibrate: bool,
    calibrate_on: Mask | None,
    pool_X: Embeddings | None,
    look: Look,
) -> Head:
    """As `quick.fit_head`, whose arguments these are."""
    weights, bias = fit_linear(X, Y, multi_label=True, warm=warm, look=look)
    if warm is not None and not calibrate and warm.bias.shape == bias.shape:
        scale, offset = moved_like(X @ warm.weights + warm.bias, X @ weights + bias)
        return Head(weights * scale, bias * scale + offset, True, warm.temperature, warm.thresholds)
    logits, scorable = cross_fit_logits(X, Y, multi_label=True, seed=seed, folds=enough_folds(Y), look=look)
    if calibrate_on is not None:
        scorable = scorable & calibrate_on
    scales = shrunk_scales(logits[scorable], Y[scorable])
    weights, bias = weights * scales.scale, bias * scales.scale + scales.offset
    seen = scales.proba(logits if calibrate_on is None else logits[calibrate_on])
    expected = seen if pool_X is None else np.concatenate([seen, sigmoid(pool_X @ weights + bias)])
    return Head(weights, bias, True, thresholds=thresholds_for(expected, Y))


def cross_fit_several(
    X: Embeddings, Y: Targets, rows: Mask, *, seed: int, folds: int, look: Look
) -> tuple[Proba, Targets]:
    """As `quick.cross_fit`; `rows` (n,) may set the scales and the thresholds."""
    fold = stratified_folds(Y, folds=max(1, min(folds, len(Y))), seed=seed)
    logits, scorable = cross_fit_logits(X, Y, multi_label=True, seed=seed, folds=folds, look=look)
    proba, decided = np.empty_like(logits), np.zeros(Y.shape, np.uint8)
    for f in range(int(fold.max()) + 1):
        look()
        mine, others = fold == f, fold != f
        fair = scorable & rows & others
        scales = shrunk_scales(logits[fair], Y[fair])
        proba[mine] = scales.proba(logits[mine])
        expected = scales.proba(logits[rows & others])
        decided[mine] = over(thresholds_for(expected, Y[others]), proba[mine])
    return proba, decided

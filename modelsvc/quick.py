"""The quick model: an L2 logistic head on cached embeddings, refitted within a click and calibrated.

The head is a softmax over labels (one label a text) or one sigmoid a label (several). Its probabilities are honest
in the sense of Guo et al. 2017 (arXiv 1706.04599): one temperature, fitted on logits of rows a fold has not seen. With
several labels a text each label has a scale and an offset of its own instead, folded into its weights (per_label.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelsvc.folds import cross_fit_logits, stratified_folds
from modelsvc.logistic import fit_linear
from modelsvc.per_label import expected_f1_thresholds, moved_like, shrunk_scales
from modelsvc.pool_graph import Discriminant
from modelsvc.pool_share import EXPECTED, EXPECTED_TUNED, Mix, is_of_use, mix_for, spread, spread_left_out
from modelsvc.types import Embeddings, Head, Look, Proba, Targets, Views, unwatched

MIN_ROWS_TO_CALIBRATE = 10  # below this a temperature is noise
DEFAULT_THRESHOLD = 0.5
LOG_TEMPERATURES = np.log(np.geomspace(0.2, 5.0, 65))  # steps of 5 %


class QuickModelError(ValueError):
    """The labels given cannot teach a head: the sentence says what is missing."""


def fit_head(
    X: Embeddings,
    Y: Targets,
    *,
    multi_label: bool,
    warm: Head | None = None,
    seed: int = 0,
    calibrate: bool = True,
    calibrate_on: NDArray[np.bool_] | None = None,
    pool_X: Embeddings | None = None,
    look: Look = unwatched,
) -> Head:
    """A calibrated head from labelled rows.

    X is (n, D) of unit rows, Y is (n, C) multi-hot; a label without a single text gets probability near 0. `warm` is
    the head fitted before this one, same labels in the same order (new ones at the end): only the start of the search,
    never its end, which is unique. With `calibrate=False` the temperature and thresholds of `warm` are kept, which
    saves the folds when only few labels came since. `calibrate_on` (n,) names the rows that may set the temperature
    and the thresholds: those that the encoder was not tuned on, or it would be too sure of all others. `pool_X` (N, D)
    are texts of the pool, whatever their labels: with one label a text they have a share in the head (pool_share.py);
    with several the thresholds rest on how often each label is expected among them. `look` is called all along and may
    raise to stop. Raises QuickModelError when shapes differ or no row is labelled.
    """
    _check(X, Y, multi_label=multi_label)
    start = warm.alone if warm is not None and warm.alone is not None else warm
    weights, bias = fit_linear(X, Y, multi_label=multi_label, warm=start, look=look)
    asked = None if multi_label or pool_X is None or not is_of_use(len(pool_X), _kinds(Y)) else pool_X
    if warm is not None and not calibrate and warm.bias.shape == bias.shape:
        if multi_label:
            scale, offset = moved_like(X @ warm.weights + warm.bias, X @ weights + bias)
            weights, bias = weights * scale, bias * scale + offset
        if asked is not None and warm.pool_share:
            return _with_pool(Head(weights, bias, False, warm.temperature), Mix.of_head(warm), spread(asked, X, Y))
        return Head(weights, bias, multi_label, warm.temperature, warm.thresholds)
    folds = 5 if X.shape[0] * Y.shape[1] <= 20_000 else 3
    logits, scorable = cross_fit_logits(X, Y, multi_label=multi_label, seed=seed, folds=folds, look=look)
    if calibrate_on is not None:
        scorable = scorable & calibrate_on
    if multi_label:
        scales = shrunk_scales(logits[scorable], Y[scorable])
        weights, bias = weights * scales.scale, bias * scales.scale + scales.offset
        seen = scales.proba(logits if calibrate_on is None else logits[calibrate_on])
        expected = seen if pool_X is None else np.concatenate([seen, _sigmoid(pool_X @ weights + bias)])
        return Head(weights, bias, multi_label, thresholds=_thresholds(expected, Y))
    if asked is None:
        return Head(weights, bias, multi_label, _temperature(logits, Y, scorable))
    told = spread_left_out(asked, X, Y, folds=folds, seed=seed, look=look)
    share = EXPECTED if calibrate_on is None else EXPECTED_TUNED
    mix = mix_for(logits, told, Y, scorable, expected=share, least=MIN_ROWS_TO_CALIBRATE)
    temperature = _temperature(mix.of(logits, told), Y, scorable)
    return _with_pool(Head(weights, bias, multi_label, temperature), mix, spread(asked, X, Y))


def _with_pool(head: Head, mix: Mix, pool: Discriminant) -> Head:
    """The head with the pool's share in its weights."""
    weights, bias = mix.of(head.weights, pool.weights), mix.of(head.bias, pool.bias)
    return replace(head, weights=weights, bias=bias, pool_share=mix.share, pool_scale=mix.scale, alone=head)


def predict_proba(head: Head, texts: Views | Embeddings) -> Proba:
    """Calibrated probabilities of N texts. -> (N, C). Raises QuickModelError when the head reads words and these texts
    come without them, or over another vocabulary."""
    logits = raw_logits(head, texts) / np.float32(head.temperature)
    return _sigmoid(logits) if head.multi_label else _softmax(logits)


def raw_logits(head: Head, texts: Views | Embeddings) -> NDArray[np.float32]:
    """What the head adds up for N texts, before its temperature. -> (N, C). Raises QuickModelError as above."""
    views = texts if isinstance(texts, Views) else Views(texts)
    logits: NDArray[np.float32] = views.X @ head.weights + head.bias
    if head.words is None:
        return logits
    if views.words is None or views.words.vocabulary != head.words.vocabulary:
        raise QuickModelError("This head reads the words of a text too, over the vocabulary it was fitted with.")
    logits += views.words.T @ head.words.weights
    return logits


def cross_fit(
    X: Embeddings,
    Y: Targets,
    *,
    multi_label: bool,
    seed: int,
    folds: int = 10,
    calibrate_on: NDArray[np.bool_] | None = None,
    pool_X: Embeddings | None = None,
    look: Look = unwatched,
) -> tuple[Proba, Targets]:
    """Out-of-fold probabilities and answers, both (n, C), made as `fit_head` and `decide` would make them: no row is
    among those on which the head is fitted by which it is scored itself, nor is its own left-out answer among those by
    which its temperature, its thresholds and the pool's share are chosen. The number of rows with each label, from
    which uneven labels get their weights, is taken over all rows; and heads of other folds, whose answers choose those
    three numbers, have learnt it.

    Folds are stratified and follow from the seed alone. A label missing from a fold's training rows has probability
    near 0 there. `calibrate_on`, `pool_X` and `look` as in `fit_head`. Raises QuickModelError.
    """
    _check(X, Y, multi_label=multi_label)
    logits, scorable = cross_fit_logits(X, Y, multi_label=multi_label, seed=seed, folds=folds, look=look)
    if calibrate_on is not None:
        scorable = scorable & calibrate_on
    fold = stratified_folds(Y, folds=max(1, min(folds, len(Y))), seed=seed)
    told: NDArray[np.float32] | None = None
    if not multi_label and pool_X is not None and is_of_use(len(pool_X), _kinds(Y)):
        told = spread_left_out(pool_X, X, Y, folds=folds, seed=seed, look=look)
    proba, decided = np.empty_like(logits), np.zeros(Y.shape, np.uint8)
    for f in range(int(fold.max()) + 1):
        look()
        mine, others = fold == f, fold != f
        if multi_label:
            scales = shrunk_scales(logits[scorable & others], Y[scorable & others])
            proba[mine] = scales.proba(logits[mine])
            rows = others if calibrate_on is None else others & calibrate_on
            thresholds = _thresholds(scales.proba(logits[rows]), Y[others])
        else:
            mixed = logits
            if told is not None:
                share = EXPECTED if calibrate_on is None else EXPECTED_TUNED
                left = logits[others], told[others], Y[others], scorable[others]
                mixed = mix_for(*left, expected=share, least=MIN_ROWS_TO_CALIBRATE).of(logits, told)
            temperature = _temperature(mixed, Y, scorable & others)
            proba[mine], thresholds = _softmax(mixed[mine] / np.float32(temperature)), np.zeros(0, np.float32)
        decided[mine] = _decided(proba[mine], thresholds, multi_label=multi_label)
    return proba, decided


def _kinds(Y: Targets) -> int:
    return int(np.count_nonzero(Y.any(axis=0)))


def decide(head: Head, proba: Proba) -> Targets:
    """What the head answers. (N, C) -> (N, C): the likeliest label, or each label at or above its threshold."""
    return _decided(proba, head.thresholds, multi_label=head.multi_label)


def _decided(proba: Proba, thresholds: NDArray[np.float32], *, multi_label: bool) -> Targets:
    if multi_label:
        over: Targets = (proba >= (thresholds if thresholds.size else DEFAULT_THRESHOLD)).astype(np.uint8)
        return over
    likeliest = np.zeros(proba.shape, np.uint8)
    likeliest[np.arange(proba.shape[0]), proba.argmax(axis=1)] = 1
    return likeliest


def _check(X: Embeddings, Y: Targets, *, multi_label: bool) -> None:
    if X.ndim != 2 or Y.ndim != 2 or X.shape[0] != Y.shape[0]:
        raise QuickModelError(f"Embeddings {X.shape} and targets {Y.shape} must be (n, D) and (n, C) with one n.")
    if X.shape[0] == 0 or Y.shape[1] == 0:
        raise QuickModelError(f"A head needs labelled texts: {X.shape[0]} texts and {Y.shape[1]} labels were given.")
    if not multi_label and not (Y.sum(axis=1) == 1).all():
        bad = int((Y.sum(axis=1) != 1).argmax())
        raise QuickModelError(f"Row {bad} has {int(Y[bad].sum())} labels; with one label a text it must have 1.")


def _temperature(logits: NDArray[np.float32], Y: Targets, scorable: NDArray[np.bool_]) -> float:
    """The grid's temperature with the least log loss on out-of-fold logits (n, C), one label a text. Rows whose label
    no training row of their fold had are left out: no temperature can help them."""
    if int(scorable.sum()) < MIN_ROWS_TO_CALIBRATE:
        return 1.0
    z, y = logits[scorable], Y[scorable].astype(np.float32)
    losses: list[Any] = []
    for temperature in np.exp(LOG_TEMPERATURES).astype(np.float32):
        t = z / temperature
        peak = t.max(axis=1)
        losses.append((peak + np.log(np.exp(t - peak[:, None]).sum(axis=1)) - (t * y).sum(axis=1)).sum())
    return float(np.exp(LOG_TEMPERATURES[int(np.argmin(losses))]))


def _thresholds(expected: Proba, Y: Targets) -> NDArray[np.float32]:
    """A label without a single text keeps DEFAULT_THRESHOLD: there is nothing to expect of it."""
    thresholds = np.where(Y.sum(axis=0) > 0, expected_f1_thresholds(expected), DEFAULT_THRESHOLD)
    return thresholds.astype(np.float32)


def _softmax(logits: NDArray[np.float32]) -> Proba:
    shifted: Proba = logits - logits.max(axis=1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted


def _sigmoid(logits: NDArray[np.float32]) -> Proba:
    proba: Proba = (0.5 * (1 + np.tanh(logits / 2))).astype(np.float32)  # tanh never overflows
    return proba

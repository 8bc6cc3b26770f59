"""The quick model: an L2 logistic head on cached embeddings, refitted within a click and calibrated.

The head is a softmax over labels (one label a text) or one sigmoid a label (several, whose fitting is in
several.py). Its probabilities are honest in the sense of Guo et al. 2017 (arXiv 1706.04599): one temperature, fitted
on logits of rows a fold has not seen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.folds import enough_folds, stratified_folds
from modelsvc.heads.left_out import BothWays, Choice, both_ways
from modelsvc.heads.links import likeliest, sigmoid, softmax
from modelsvc.heads.logistic import fit_subsets
from modelsvc.heads.per_label import over
from modelsvc.heads.pool_share import EXPECTED, EXPECTED_TUNED, Mix, is_of_use, spread
from modelsvc.heads.prototypes import Prototypes, are_asked
from modelsvc.heads.several import cross_fit_several, fit_several
from modelsvc.heads.sureness import NOTHING_KNOWN, Sureness
from modelsvc.types import Embeddings, Head, Look, Proba, Targets, Views, unwatched


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
    names: Prototypes | None = None,
    untold: Sureness = NOTHING_KNOWN,
    look: Look = unwatched,
) -> Head:
    """A calibrated head from labelled rows.

    X is (n, D) of unit rows, Y is (n, C) multi-hot; a label without a single text gets probability near 0, unless its
    name is among `names`, which teach where one label a text is given and the texts do not speak against it. `warm` is
    the head fitted before this one, same labels in the same order (new ones at the end): only the start of the search,
    never its end, which is unique. With `calibrate=False` what the folds told for `warm` is kept, its temperature,
    names, mix or thresholds, which saves the folds when only few labels came since; without `warm` they are asked.
    `calibrate_on` (n,) names the rows that may set the temperature and the thresholds: those that the encoder was not
    tuned on, or it would be too sure of all others; `untold` is how sure it may be where these are too few to tell.
    `pool_X` (N, D) are texts of the pool, whatever their labels: with one label a text they have a share in the head
    (pool_share.py); with several the thresholds rest on how often each label is expected among them. `look` is called
    all along and may raise to stop. Raises QuickModelError when shapes differ or no row is labelled.
    """
    _check(X, Y, multi_label=multi_label)
    if multi_label:
        return fit_several(
            X,
            Y,
            warm,
            seed=seed,
            calibrate=calibrate,
            calibrate_on=calibrate_on,
            pool_X=pool_X,
            look=look,
        )
    asked = None if pool_X is None or not is_of_use(len(pool_X), _kinds(Y)) else pool_X
    if warm is not None and not calibrate and warm.bias.shape == (Y.shape[1],):
        mix = Mix.of_head(warm) if asked is not None and warm.pool_share else None
        choice = Choice(warm.named and are_asked(Y), mix)
        return _one(X, Y, choice, warm.temperature, warm=warm, pool_X=asked, names=names, look=look)
    ways = both_ways(X, Y, names=names, pool_X=asked, folds=enough_folds(Y), seed=seed, look=look)
    rows = np.ones(len(X), np.bool_) if calibrate_on is None else calibrate_on
    choice = _choice(ways, Y, calibrate_on, rows)
    fitted = ways.of(choice).temperature(choice.mix, Y, rows, untold=untold.temperature)
    return _one(X, Y, choice, fitted, warm=warm, pool_X=asked, names=names, look=look)


def _choice(ways: BothWays, Y: Targets, calibrate_on: NDArray[np.bool_] | None, rows: NDArray[np.bool_]) -> Choice:
    """What teaches besides the labelled texts, by `rows` (n,). Over a tuned encoder the pool is expected to say more,
    and names, where nothing is known of them, have no say: it knows the labels by their texts."""
    if calibrate_on is None:
        return ways.choice(Y, rows, EXPECTED)
    return ways.choice(Y, rows, EXPECTED_TUNED, untold=False)


def _one(
    X: Embeddings,
    Y: Targets,
    choice: Choice,
    temperature: float,
    *,
    warm: Head | None,
    pool_X: Embeddings | None,
    names: Prototypes | None,
    look: Look,
) -> Head:
    """One label a text: the head of all labelled texts, and of the names and the pool as chosen."""
    start, by = warm.alone if warm is not None and warm.alone is not None else warm, names if choice.named else None
    included, taught_X, taught_Y = np.ones((1, len(X)), np.float32), X, Y
    if by is not None:
        taught_X, taught_Y = by.beside(X, Y)
        included = np.concatenate([included, by.weights(Y.sum(axis=0, keepdims=True).astype(np.float32))], axis=1)
    weights, bias = fit_subsets(taught_X, taught_Y, included, multi_label=False, warm=start, look=look)
    head = Head(weights[0], bias[0], False, temperature, named=by is not None)
    if choice.mix is None or pool_X is None:
        return head
    mix, pool = choice.mix, spread(pool_X, X, Y, by)
    mixed, shift = mix.of(head.weights, pool.weights), mix.of(head.bias, pool.bias)
    return replace(head, weights=mixed, bias=shift, pool_share=mix.share, pool_scale=mix.scale, alone=head)


def predict_proba(head: Head, texts: Views | Embeddings) -> Proba:
    """Calibrated probabilities of N texts. -> (N, C). Raises QuickModelError when the head reads words and these texts
    come without them, or over another vocabulary."""
    logits = raw_logits(head, texts) / np.float32(head.temperature)
    return sigmoid(logits) if head.multi_label else softmax(logits)


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
    names: Prototypes | None = None,
    untold: Sureness = NOTHING_KNOWN,
    look: Look = unwatched,
) -> tuple[Proba, Targets]:
    """Out-of-fold probabilities and answers, both (n, C), made as `fit_head` and `decide` would make them: no row is
    among those on which the head is fitted by which it is scored itself, nor is its own left-out answer among those by
    which its temperature, its thresholds, the pool's share and whether names teach are chosen. The number of rows with
    each label, from which uneven labels get their weights, is taken over all rows; and heads of other folds, whose
    answers choose those, have learnt it.

    Folds are stratified and follow from the seed alone. A label missing from a fold's training rows has probability
    near 0 there, but for its name. `calibrate_on`, `pool_X`, `names`, `untold` and `look` as in `fit_head`.
    Raises QuickModelError.
    """
    _check(X, Y, multi_label=multi_label)
    rows = np.ones(len(X), np.bool_) if calibrate_on is None else calibrate_on
    if multi_label:
        return cross_fit_several(X, Y, rows, seed=seed, folds=folds, look=look)
    fold = stratified_folds(Y, folds=max(1, min(folds, len(Y))), seed=seed)
    asked = None if pool_X is None or not is_of_use(len(pool_X), _kinds(Y)) else pool_X
    ways = both_ways(X, Y, names=names, pool_X=asked, folds=folds, seed=seed, look=look)
    proba = np.empty(Y.shape, np.float32)
    for f in range(int(fold.max()) + 1):
        look()
        mine, others = fold == f, fold != f
        choice = _choice(ways.only(others), Y[others], calibrate_on, rows[others])
        said = ways.of(choice)
        mixed = said.mixed(choice.mix)[mine]
        fitted = said.temperature(choice.mix, Y, rows & others, untold=untold.temperature)
        proba[mine] = softmax(mixed / np.float32(fitted))
    return proba, likeliest(proba)


def _kinds(Y: Targets) -> int:
    return int(np.count_nonzero(Y.any(axis=0)))


def decide(head: Head, proba: Proba) -> Targets:
    """What the head answers. (N, C) -> (N, C): the likeliest label, or each label at or above its threshold."""
    return over(head.thresholds, proba) if head.multi_label else likeliest(proba)


def _check(X: Embeddings, Y: Targets, *, multi_label: bool) -> None:
    if X.ndim != 2 or Y.ndim != 2 or X.shape[0] != Y.shape[0]:
        raise QuickModelError(f"Embeddings {X.shape} and targets {Y.shape} must be (n, D) and (n, C) with one n.")
    if X.shape[0] == 0 or Y.shape[1] == 0:
        raise QuickModelError(f"A head needs labelled texts: {X.shape[0]} texts and {Y.shape[1]} labels were given.")
    if not multi_label and not (Y.sum(axis=1) == 1).all():
        bad = int((Y.sum(axis=1) != 1).argmax())
        raise QuickModelError(f"Row {bad} has {int(Y[bad].sum())} labels; with one label a text it must have 1.")

"""A head that reads two views of a text, its embedding and its words, for several labels a text, some of them rare.

Each view has a logistic regression of its own; their logits are added in shares, made honest label by label, and cut
where the expected F1 over the pool is best. All of it folds into one linear function of both views.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.both_views import Said, mixed_logits
from modelsvc.heads.folds import stratified_folds
from modelsvc.heads.logistic import fit_subsets
from modelsvc.heads.per_label import DEFAULT_THRESHOLD, Scales, moved_like, over, thresholds_for
from modelsvc.heads.quick import QuickModelError, predict_proba, raw_logits
from modelsvc.heads.sparse_logistic import fit_sparse_subsets
from modelsvc.heads.sureness import NOTHING_KNOWN, Sureness
from modelsvc.stores.words import Words, WordWeights
from modelsvc.types import Head, Look, Proba, Targets, Views, unwatched

Floats = NDArray[np.float32]

FOLDS = 8  # fewer take too many of a handful of positives away
JUDGED = 20_000  # texts of the pool on which thresholds rest; of 4,000 a rare label has a dozen, too few (-4 points)


def fit_two_views(
    labelled: Views,
    Y: Targets,
    *,
    pool: Views,
    warm: Head | None = None,
    seed: int = 0,
    calibrate: bool = True,
    calibrate_on: NDArray[np.bool_] | None = None,
    untold: Sureness = NOTHING_KNOWN,
    look: Look = unwatched,
) -> Head:
    """A head from n labelled texts and their labels Y (n, C); `pool` are texts without labels, on whose probabilities
    the thresholds rest.

    With `calibrate=False` the calibration of `warm`, the head before this one, is kept: it saves the folds when only
    few labels came since. `calibrate_on` (n,) names the rows that may say how sure the head may be and how much each
    view counts: those that the encoder was not tuned on; `untold` says how much where these are too few. `look`
    is called all along and may raise to stop. Raises QuickModelError when no text is labelled, when shapes differ, or
    for texts without their words.
    """
    words = _words(labelled)
    _words(pool)
    n = len(labelled)
    if n == 0 or Y.ndim != 2 or n != len(Y):
        raise QuickModelError(f"{n} labelled texts came with labels {Y.shape}; at least one, and one row each.")
    fitted = _fit(labelled, Y, np.ones((1, n), np.float32), look)
    if warm is not None and not calibrate and _continues(warm, words, Y):
        assert warm.words is not None
        head = fitted.head(0, warm.words.share, words)
        scale, offset = moved_like(raw_logits(warm, labelled), raw_logits(head, labelled))
        return replace(_scaled(head, Scales(scale, offset)), thresholds=warm.thresholds)
    left_out = cross_fit_two_views(labelled, Y, seed=seed, look=look)
    scorable = left_out.scorable if calibrate_on is None else left_out.scorable & calibrate_on
    share, scales = left_out.calibration(scorable, Y, untold.share)
    head = _scaled(fitted.head(0, share, words), scales)
    unseen = scales.proba(left_out.mixed(share)[slice(None) if calibrate_on is None else calibrate_on])
    expected = np.concatenate([unseen, predict_proba(head, some_of(pool, seed=seed))])
    return replace(head, thresholds=thresholds_for(expected, Y))


def cross_fit_answers(
    labelled: Views,
    Y: Targets,
    *,
    pool: Views,
    seed: int,
    folds: int = 10,
    calibrate_on: NDArray[np.bool_] | None = None,
    untold: Sureness = NOTHING_KNOWN,
    look: Look = unwatched,
) -> tuple[Proba, Targets]:
    """Out-of-fold probabilities and answers, both (n, C), made as `fit_two_views` would make them: no row is among
    those on which the head, the shares, the scales and the thresholds rest by which it is scored itself."""
    left_out = cross_fit_two_views(labelled, Y, seed=seed, folds=folds, look=look)
    may = left_out.scorable if calibrate_on is None else left_out.scorable & calibrate_on
    some = some_of(pool, seed=seed)
    proba, decided = np.zeros(Y.shape, np.float32), np.zeros(Y.shape, np.uint8)
    for f in range(int(left_out.fold.max(initial=-1)) + 1):
        look()
        mine, others = left_out.fold == f, left_out.fold != f
        share, scales = left_out.calibration(may & others, Y, untold.share)
        seen = others if calibrate_on is None else others & calibrate_on
        over_pool = left_out.heads.logits(f, share, some) if len(left_out.heads.dense) else np.empty((0, Y.shape[1]))
        mixed = left_out.mixed(share)
        expected = scales.proba(np.concatenate([mixed[seen], over_pool]))
        proba[mine] = scales.proba(mixed[mine])
        decided[mine] = over(thresholds_for(expected, Y[others]), proba[mine])
    return proba, decided


def some_of(pool: Views, *, seed: int) -> Views:
    """At most JUDGED of these texts, drawn at random."""
    if len(pool) <= JUDGED:
        return pool
    return pool[np.sort(np.random.default_rng(seed).choice(len(pool), JUDGED, replace=False))]


@dataclass(frozen=True)
class _Fitted:
    """Both views' regressions on F subsets of the labelled texts. Only the u words that some labelled text holds have
    weights: a pool has many more."""

    dense: Floats  # (F, D, C)
    dense_bias: Floats  # (F, C)
    words: Floats  # (F, u, C)
    words_bias: Floats  # (F, C)
    used: NDArray[np.int64]  # (u,) columns of the vocabulary

    def head(self, f: int, share: float, words: Words) -> Head:
        """The f-th, with this share of the embedding; not calibrated."""
        C = self.dense.shape[2]
        weights = np.zeros((len(words.vocabulary), C), np.float32)
        weights[self.used] = np.float32(1 - share) * self.words[f]
        bias = np.float32(share) * self.dense_bias[f] + np.float32(1 - share) * self.words_bias[f]
        return Head(
            np.float32(share) * self.dense[f],
            bias,
            True,
            thresholds=np.full(C, DEFAULT_THRESHOLD, np.float32),
            words=WordWeights(words.vocabulary, weights, share),
        )

    def logits(self, f: int, share: float, views: Views) -> Floats:
        """(N, C) of the f-th."""
        dense, words = self.both(f, views)
        return mixed_logits(dense, words, share)

    def both(self, f: int, views: Views) -> tuple[Floats, Floats]:
        """Each view's logits (N, C)."""
        T = _words(views).T[:, self.used]
        return views.X @ self.dense[f] + self.dense_bias[f], T @ self.words[f] + self.words_bias[f]


@dataclass(frozen=True)
class LeftOut(Said):
    """What heads said of labelled texts that they had not seen."""

    scorable: NDArray[np.bool_]  # (n,) all labels of the text were among those that its head could learn
    fold: NDArray[np.int64]  # (n,)
    heads: _Fitted


def said_by(labelled: Views, Y: Targets, texts: Views, *, look: Look = unwatched) -> Said:
    """What each view of a head that learns from the labelled texts and their labels Y (n, C) says of other texts."""
    fitted = _fit(labelled, Y, np.ones((1, len(labelled)), np.float32), look)
    return Said(*fitted.both(0, texts))


def cross_fit_two_views(
    labelled: Views, Y: Targets, *, seed: int, folds: int = FOLDS, look: Look = unwatched
) -> LeftOut:
    """Each labelled text through both views of a head that has not seen it. Logits of 0 where a text is alone."""
    n, C = Y.shape
    folds = min(folds, n)
    fold = stratified_folds(Y, folds=max(folds, 1), seed=seed)
    dense, words = np.zeros((n, C), np.float32), np.zeros((n, C), np.float32)
    included = (fold[None, :] != np.arange(folds)[:, None]).astype(np.float32)  # (F, n)
    if folds < 2:
        return LeftOut(dense, words, np.zeros(n, np.bool_), fold, _fit(labelled, Y, included[:0], look))
    heads = _fit(labelled, Y, included, look)
    for f in range(folds):
        rows = np.flatnonzero(fold == f)
        dense[rows], words[rows] = heads.both(f, labelled[rows])
    known = included @ Y.astype(np.float32) > 0  # (F, C)
    scorable: NDArray[np.bool_] = ~((Y > 0) & ~known[fold]).any(axis=1)
    return LeftOut(dense, words, scorable, fold, heads)


def _fit(views: Views, Y: Targets, included: Floats, look: Look) -> _Fitted:
    T = _words(views).T
    used = np.unique(T.indices).astype(np.int64)
    D, C = views.X.shape[1], Y.shape[1]
    if not len(included):
        none = np.zeros((0, C), np.float32)
        return _Fitted(np.zeros((0, D, C), np.float32), none, np.zeros((0, len(used), C), np.float32), none, used)
    dense, dense_bias = fit_subsets(views.X, Y, included, multi_label=True, look=look)
    words, words_bias = fit_sparse_subsets(T[:, used], Y, included, look=look)
    return _Fitted(dense, dense_bias, words, words_bias, used)


def _continues(warm: Head, words: Words, Y: Targets) -> bool:
    """Whether the head before this one had the same labels and words."""
    return warm.words is not None and len(warm.bias) == Y.shape[1] and warm.words.vocabulary == words.vocabulary


def _scaled(head: Head, scales: Scales) -> Head:
    assert head.words is not None
    words = replace(head.words, weights=head.words.weights * scales.scale)
    return replace(
        head, weights=head.weights * scales.scale, bias=head.bias * scales.scale + scales.offset, words=words
    )


def _words(views: Views) -> Words:
    if views.words is None:
        raise QuickModelError("A head of two views needs the words of every text beside its embedding.")
    return views.words

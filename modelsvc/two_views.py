"""A head that reads two views of a text, its embedding and its words, for several labels a text, some of them rare.

Each view has a logistic regression of its own; their logits are added in fixed shares, made honest label by label,
and cut where the expected F1 over the pool is best. All of it folds into one linear function of both views.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from modelsvc.folds import stratified_folds
from modelsvc.logistic import fit_subsets
from modelsvc.per_label import expected_f1_thresholds, rate_matched_thresholds, shrunk_scales
from modelsvc.quick import DEFAULT_THRESHOLD, QuickModelError
from modelsvc.sparse_logistic import fit_sparse_subsets
from modelsvc.types import Embeddings, Proba, Targets

Floats = NDArray[np.float32]

EMBEDDING_SHARE = 0.3  # of the logit; .2 to .35 did equally well, .5 lost 2 points, 0 lost 3
FOLDS = 8  # fewer take too many of a handful of positives away


@dataclass(frozen=True)
class Views:
    """The same texts seen twice."""

    X: Embeddings  # (N, D)
    T: csr_matrix  # (N, V), from words.Vocabulary.matrix

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: NDArray[np.int64]) -> Views:
        return Views(self.X[rows], self.T[rows])


@dataclass(frozen=True)
class TwoViewHead:
    """Linear in both views, calibrated: its sigmoid is the probability of each label."""

    dense: Floats  # (D, C)
    words: Floats  # (V, C); zero for a word that no labelled text holds
    bias: Floats  # (C,)
    thresholds: Floats  # (C,)

    def proba(self, views: Views) -> Proba:
        """Probabilities of each label. (N, C)"""
        logits = _logits(views, self.dense, self.words, self.bias)
        honest: Proba = (0.5 * (1 + np.tanh(logits / 2))).astype(np.float32)
        return honest

    def decide(self, proba: Proba) -> Targets:
        """Each label at or above its threshold. (N, C) -> (N, C)"""
        over: Targets = (proba >= self.thresholds).astype(np.uint8)
        return over


def fit_two_views(
    labelled: Views, Y: Targets, *, pool: Views, seed: int = 0, rates: NDArray[np.floating] | None = None
) -> TwoViewHead:
    """A head from n labelled texts and their labels Y (n, C); `pool` are the texts without labels, on whose
    probabilities the thresholds rest.

    `rates` (C,) is for an encoder tuned on the labelled texts: the share of the pool that a head over the frozen
    encoder gives each label to (`given_rates`); thresholds then keep it, and the probabilities are not calibrated.
    Raises QuickModelError when no text is labelled or the shapes differ.
    """
    n = len(labelled)
    if n == 0 or Y.ndim != 2 or n != len(Y):
        raise QuickModelError(f"{n} labelled texts came with labels {Y.shape}; at least one, and one row each.")
    whole = np.ones((1, n), np.float32)
    dense, words, bias = (part[0] for part in _fit(labelled, Y, whole))
    if rates is not None:
        head = TwoViewHead(dense, words, bias, np.zeros(Y.shape[1], np.float32))
        return TwoViewHead(dense, words, bias, rate_matched_thresholds(head.proba(pool), rates))
    left_out, scorable = cross_fit_two_views(labelled, Y, seed=seed)
    scales = shrunk_scales(left_out[scorable], Y[scorable])
    everything = np.concatenate([left_out, _logits(pool, dense, words, bias)])
    thresholds = np.where(
        Y.any(axis=0), expected_f1_thresholds(scales.proba(everything)), np.float32(DEFAULT_THRESHOLD)
    )
    return TwoViewHead(dense * scales.scale, words * scales.scale, bias * scales.scale + scales.offset, thresholds)


def given_rates(head: TwoViewHead, views: Views) -> NDArray[np.float64]:
    """The share of these texts that the head gives each label to. (C,)"""
    rates: NDArray[np.float64] = head.decide(head.proba(views)).mean(axis=0, dtype=np.float64)
    return rates


def cross_fit_two_views(labelled: Views, Y: Targets, *, seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Logits (n, C) of each text from heads that have not seen it, and which rows (n,) had all their labels among
    those that their head could learn."""
    n, C = Y.shape
    folds = min(FOLDS, n)
    logits = np.zeros((n, C), np.float32)
    if folds < 2:
        return logits, np.zeros(n, np.bool_)
    fold = stratified_folds(Y, folds=folds, seed=seed)
    included = (fold[None, :] != np.arange(folds)[:, None]).astype(np.float32)  # (F, n)
    dense, words, bias = _fit(labelled, Y, included)
    for f in range(folds):
        rows = np.flatnonzero(fold == f)
        logits[rows] = _logits(labelled[rows], dense[f], words[f], bias[f])
    known = included @ Y.astype(np.float32) > 0  # (F, C)
    scorable: NDArray[np.bool_] = ~((Y > 0) & ~known[fold]).any(axis=1)
    return logits, scorable


def _fit(views: Views, Y: Targets, included: Floats) -> tuple[Floats, Floats, Floats]:
    """(F, D, C), (F, V, C), (F, C): both views' regressions in their shares."""
    by_dense = fit_subsets(views.X, Y, included, multi_label=True)
    by_words = fit_sparse_subsets(views.T, Y, included)
    share = np.float32(EMBEDDING_SHARE)
    return share * by_dense[0], (1 - share) * by_words[0], share * by_dense[1] + (1 - share) * by_words[1]


def _logits(views: Views, dense: Floats, words: Floats, bias: Floats) -> Floats:
    logits: Floats = views.X @ dense + views.T @ words + bias
    return logits

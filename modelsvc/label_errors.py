"""Labels that are likely wrong, by confident learning (Northcutt, Jiang & Chuang 2021, arXiv 1911.00068).

A label's own threshold is the mean probability that the model gives it on the texts that carry it. Texts given label
i that reach the threshold of label j are counted; scaled up to all texts given i, the counts say how many of these are
really j, and so many are named: those where j is furthest ahead of i. So a model that is unsure of a label throughout
accuses nobody of it. The probabilities must be out of sample: a model that has learnt a wrong label agrees with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Proba, Rows, Scores, Targets

Floats = NDArray[np.float64]

LEAST_EXAMPLES = 5  # texts with a label, and where a text may have several also without it, for a threshold


@dataclass(frozen=True)
class Suspects:
    """K texts whose labels are in doubt, the most doubtful first."""

    rows: Rows  # (K,) into the n texts
    scores: Scores  # (K,) 0..1: how sure the model is against the label given
    suggested: Targets  # (K, C) what it would give instead


def suspects(proba: Proba, Y: Targets, *, multi_label: bool) -> Suspects:
    """The suspected label errors among n texts: out-of-sample probabilities (n, C) against the labels given (n, C).

    One label a text: scores are half of 1 - p(given) + p(suggested) (the normalised margin, turned). Several: each
    label is judged by itself, as given or withheld, and a text's score is that of its most doubtful label. A label with
    fewer than LEAST_EXAMPLES is never judged: the model hardly knows it, and cannot speak for or against it.
    """
    p, given = np.asarray(proba, np.float64), Y > 0
    if multi_label:
        scores, suggested = _each_label(p, given)
    else:
        scores, best = _mistaken(p, given.argmax(axis=1)) if len(p) else (np.zeros(0), np.zeros(0, np.int64))
        suggested = np.eye(p.shape[1], dtype=np.uint8)[best]
    rows = np.flatnonzero(scores > 0)
    rows = rows[np.lexsort((rows, -scores[rows]))]
    return Suspects(rows.astype(np.int64), scores[rows].astype(np.float32), suggested[rows])


def _mistaken(p: Floats, own: Rows) -> tuple[Floats, Rows]:
    """(n, K) probabilities and the kind given (n,) -> (scores (n,), 0: not suspected; the kind suggested (n,))."""
    n, K = p.shape
    threshold = np.array([p[own == k, k].mean() if (own == k).sum() >= LEAST_EXAMPLES else np.inf for k in range(K)])
    expected = _expected_mistakes(p, own, threshold)
    scores, best = np.zeros(n), own.copy()
    for i, j in zip(*np.nonzero(expected), strict=True):
        mine = np.flatnonzero((own == i) & (p[:, j] > p[:, i]))
        ahead = (1 - p[mine, i] + p[mine, j]) / 2
        worst = np.argsort(-ahead, kind="stable")[: expected[i, j]]
        better = ahead[worst] > scores[mine[worst]]
        scores[mine[worst][better]], best[mine[worst][better]] = ahead[worst][better], j
    return scores, best


def _expected_mistakes(p: Floats, own: Rows, threshold: Floats) -> NDArray[np.int64]:
    """(K, K) of the texts given i, how many are really j: the calibrated confident joint, without its diagonal."""
    K = p.shape[1]
    over = np.where(p >= threshold, p, -1.0)
    sure = over.max(axis=1) >= 0
    joint = np.zeros((K, K))
    np.add.at(joint, (own[sure], over[sure].argmax(axis=1)), 1)
    joint[~np.isfinite(threshold)] = 0
    given, counted = np.bincount(own, minlength=K), joint.sum(axis=1)
    scaled = joint * np.where(counted > 0, given / np.maximum(counted, 1), 0)[:, None]
    np.fill_diagonal(scaled, 0)
    return np.rint(scaled).astype(np.int64)


def _each_label(p: Floats, given: NDArray[np.bool_]) -> tuple[Floats, Targets]:
    scores, suggested = np.zeros(len(p)), given.copy()
    for column in range(p.shape[1]):
        yes = given[:, column]
        if LEAST_EXAMPLES <= yes.sum() <= len(yes) - LEAST_EXAMPLES:
            sides = np.stack([1 - p[:, column], p[:, column]], axis=1)
            doubt, best = _mistaken(sides, yes.astype(np.int64))
            scores, suggested[:, column] = np.maximum(scores, doubt), best > 0
    return scores, suggested.astype(np.uint8)

"""Labels that are likely wrong, by confident learning (Northcutt, Jiang & Chuang 2021, arXiv 1911.00068).

A label's own threshold is the mean probability that the model gives it on the texts that carry it. Of the texts given
a label those are counted that reach the threshold of another one instead; scaled up to all texts given it, this says
how many of them are likely wrong, and so many are named: those with the least probability of their own label ("prune by
class"). So a model that is unsure of a label throughout accuses nobody of it. The probabilities must be out of sample:
a model that has learnt a wrong label agrees with it.

The paper's count takes every mistake of the model for one of the labels. With few labels, chosen because they are hard,
that is a quarter to two thirds of texts labelled without any error; so a text is named only where the model finds
another label many times as likely as the one given (`python -m benchmarks.label_errors`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Proba, Rows, Scores, Targets

Floats = NDArray[np.float64]

LEAST_ODDS = 10.0  # how many times as likely as the label given another must be
LEAST_EXAMPLES = 5  # texts with a label, and where a text may have several also without it, for a threshold


@dataclass(frozen=True)
class Suspects:
    """K texts whose labels are in doubt, the most doubtful first."""

    rows: Rows  # (K,) into the n texts
    scores: Scores  # (K,) 0..1: how sure the model is against the label given
    suggested: Targets  # (K, C) what it would give instead


def suspects(proba: Proba, Y: Targets, *, multi_label: bool, least_odds: float = LEAST_ODDS) -> Suspects:
    """The suspected label errors among n texts: out-of-sample probabilities (n, C) against the labels given (n, C).

    The score is 1 - p(given). With several labels a text each is judged by itself, as given or withheld, and a text's
    score is that of its most doubtful label. A label with fewer than LEAST_EXAMPLES is never judged: the model hardly
    knows it, and cannot speak for or against it.

    On 480 clauses of nine kinds with one label in ten wrong at random, of which a frozen encoder's head gets 70 %
    right, nine of the first ten named are wrong; ordered by the margin to the likeliest label six are.
    """
    p, given = np.asarray(proba, np.float64), Y > 0
    if multi_label:
        scores, suggested = _each_label(p, given, least_odds)
    else:
        scores, best = np.zeros(0), np.zeros(0, np.int64)
        if len(p):
            scores, best = _mistaken(p, given.argmax(axis=1), least_odds)
        suggested = np.eye(p.shape[1], dtype=np.uint8)[best]
    rows = np.flatnonzero(scores > 0)
    rows = rows[np.lexsort((rows, -scores[rows]))]
    return Suspects(rows.astype(np.int64), scores[rows].astype(np.float32), suggested[rows])


def _mistaken(p: Floats, own: Rows, least_odds: float) -> tuple[Floats, Rows]:
    """(n, K) probabilities and the kind given (n,) -> (scores (n,), 0: not suspected; the kind suggested (n,))."""
    likeliest, confidence = p.argmax(axis=1), p[np.arange(len(p)), own]
    is_sure = p.max(axis=1) >= least_odds * confidence
    scores = np.zeros(len(p))
    for kind, expected in enumerate(_expected_mistakes(p, own)):
        mine = np.flatnonzero((own == kind) & (likeliest != kind) & is_sure)
        worst = mine[np.argsort(confidence[mine], kind="stable")[:expected]]
        scores[worst] = 1 - confidence[worst]
    return scores, likeliest


def _expected_mistakes(p: Floats, own: Rows) -> NDArray[np.int64]:
    """(K,) of the texts given each kind, how many are likely something else: from the calibrated confident joint."""
    K = p.shape[1]
    count = np.bincount(own, minlength=K)
    known = count >= LEAST_EXAMPLES
    threshold = np.array([p[own == kind, kind].mean() if known[kind] else np.inf for kind in range(K)])
    over = np.where(p >= threshold, p, -1.0)
    sure, likely = over.max(axis=1) >= 0, over.argmax(axis=1)
    sure &= known[own]
    counted = np.bincount(own[sure], minlength=K)
    apart = np.bincount(own[sure & (likely != own)], minlength=K)
    expected: NDArray[np.int64] = np.rint(apart * count / np.maximum(counted, 1)).astype(np.int64)
    return expected


def _each_label(p: Floats, given: NDArray[np.bool_], least_odds: float) -> tuple[Floats, Targets]:
    scores, suggested = np.zeros(len(p)), given.copy()
    for column in range(p.shape[1]):
        yes = given[:, column]
        if LEAST_EXAMPLES <= yes.sum() <= len(yes) - LEAST_EXAMPLES:
            sides = np.stack([1 - p[:, column], p[:, column]], axis=1)
            doubt, best = _mistaken(sides, yes.astype(np.int64), least_odds)
            scores, suggested[:, column] = np.maximum(scores, doubt), best > 0
    return scores, suggested.astype(np.uint8)

"""F1 of one label, and micro-F1, with intervals in closed form; macro-F1 with one that knows what it has not met.

F1 = 2 hits / (support + given) rises with the share of hits among the texts that carry the label, were given it, or
both: F1 = 2 J / (1 + J), J = hits / (hits + missed + given wrongly). That share is a plain proportion, so Wilson's
interval for J, carried over, is one for F1. Resampling would call 5 right of 5 certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.intervals import EvaluationError, Interval, wilson, wilson_share
from modelsvc.types import Targets


def label_f1(hits: int, *, support: int, given: int) -> Interval | None:
    """F1 of one label from counts of texts; None where nobody gave it. Raises EvaluationError for impossible counts."""
    concerned = support + given - hits
    return _of_jaccard(wilson(hits, concerned)) if concerned else None


def macro_f1_with_unmet(resampled: Interval, labels: Sequence[Interval | None]) -> Interval:
    """Macro-F1 with the wider of two intervals on either side: that of `resampled` texts, and that of the C `labels`,
    each with its own (Zou, Huang & Zhang 2009, CSDA 53: the distances to the bounds add up as squares).

    A label that was neither carried nor given, None, may be anything from 0 to 1: resampling the texts that were met
    knows nothing of it, and held the truth in 6 of 10 small test files with rare labels. Labels taken one by one are
    too sure where they go right and wrong together; that is what resampling knows. Raises EvaluationError without any.
    """
    if not labels:
        raise EvaluationError("Macro-F1 is a mean over labels; give at least one.")
    known = [label for label in labels if label is not None]
    total, unmet = sum(label.value for label in known), len(labels) - len(known)
    below = sqrt(sum((label.value - label.low) ** 2 for label in known))
    above = sqrt(sum((label.high - label.value) ** 2 for label in known))
    low, high = max(0.0, total - below) / len(labels), min(len(labels), total + above + unmet) / len(labels)
    return Interval(resampled.value, min(resampled.low, low), max(resampled.high, high))


def micro_f1(Y_true: Targets, Y_pred: Targets, *, multi_label: bool) -> Interval:
    """Micro-F1 of answers (n, C) against truth (n, C), n of 1 or more.

    With one label a text it is the accuracy. With several, the labels of one text are right and wrong together: the
    texts that concern any label are clusters, and J counts as a share of so many independent ones as have its variance
    (Korn & Graubard 1998). Nothing to be found and nothing given is 0.
    """
    true, pred = Y_true > 0, Y_pred > 0
    if not multi_label:
        return wilson(int((true & pred).any(axis=1).sum()), len(true))
    hits, concerned = (true & pred).sum(axis=1), (true | pred).sum(axis=1)  # (n,) labels of each text
    if not concerned.any():
        return Interval(0.0, 0.0, 1.0)
    return _of_jaccard(wilson_share(float(hits.sum() / concerned.sum()), _effective(hits, concerned)))


def _effective(hits: NDArray[np.int64], concerned: NDArray[np.int64]) -> float:
    """How many independent labels would tell as much of J as those of these texts: never more than there are, and no
    more than texts where all are right, or all wrong, and nothing shows how much they hang together."""
    texts, labels = int((concerned > 0).sum()), int(concerned.sum())
    share = hits.sum() / labels
    variance = float(np.square(hits - share * concerned).sum()) / labels**2
    if texts < 2 or variance == 0:
        return float(texts)
    return float(min(labels, share * (1 - share) / (variance * texts / (texts - 1))))


def _of_jaccard(J: Interval) -> Interval:
    return Interval(*(2 * share / (1 + share) for share in (J.value, J.low, J.high)))

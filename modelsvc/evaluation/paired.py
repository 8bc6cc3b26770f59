"""Two models asked about the same texts: whether one of them is worse, and how sure that is.

With one label a text McNemar's test on right and wrong answers. With several, whole answers are blind to rare labels:
a model that gives none at all has nine texts in ten right where nine carry none. So macro-F1 is compared as well, over
resamples of the texts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.intervals import macro_f1, paired_worse
from modelsvc.types import Targets

RESAMPLES = 2000
BEHIND = 0.5  # p below which a model is behind another, by however little: with one label a text it has fewer right
WORSE = 0.2  # p below which the new model counts as worse: one text fewer (.25) says nothing, two (.125) do


@dataclass(frozen=True)
class Comparison:
    """A new model and the one before it on n texts."""

    n: int
    right: int  # texts whose whole answer is right
    right_before: int
    macro_f1: float
    macro_f1_before: float
    p: float  # small = evidence that the new one is worse, in whole answers or, with several labels, in macro-F1

    @property
    def is_behind(self) -> bool:
        """Whether it should not serve in place of the encoder as it came. Tuning is no sure gain, audits are small and
        runs many, so one of them is lucky: by WORSE alone nearly every project whose tuning loses 7 points ended with a
        tuned encoder (benchmarks/kept_by_luck.py)."""
        return self.p < BEHIND

    @property
    def no_worse(self) -> bool:
        """Whether the new model may serve. It has learnt more labels, and is better as a rule; so it need not be proved
        better, but what speaks against it need not be proof either: of few texts there is none."""
        return self.p >= WORSE


def compare_answers(new: Targets, before: Targets, Y: Targets, *, multi_label: bool, seed: int) -> Comparison:
    """Answers (n, C) of both models against the truth Y (n, C). With several labels a text the smaller of two p counts,
    doubled (Bonferroni), so that a new model is not refused more often for being asked twice."""
    right, right_before = (new == Y).all(axis=1), (before == Y).all(axis=1)
    p = paired_worse(right, right_before)
    if multi_label:
        p = min(1.0, 2 * min(p, resampled_no_better(before, new, Y, seed=seed)))
    return Comparison(len(Y), int(right.sum()), int(right_before.sum()), macro_f1(Y, new), macro_f1(Y, before), p)


def resampled_no_better(answer: Targets, before: Targets, Y: Targets, *, seed: int) -> float:
    """The share of resamples of the texts in which `answer` has no higher macro-F1 than `before` (Efron 1979), ties
    counted half. All (n, C). Each resample takes the same texts for both. Without a text it is a half."""
    n = len(Y)
    if not n:
        return 0.5
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float64)  # (R, n)
    gain = _resampled_f1(times, answer, Y) - _resampled_f1(times, before, Y)
    return float((gain < 0).mean() + (gain == 0).mean() / 2)


def _resampled_f1(times: NDArray[np.float64], answer: Targets, Y: Targets) -> NDArray[np.float64]:
    """Macro-F1 of each resample (R,) over the labels that some text of it carries: the same for every model."""
    true, given = Y.astype(np.float64), answer.astype(np.float64)
    carried, occurs, hits = times @ true, times @ (true + given), times @ (true * given)  # (R, C)
    f1: NDArray[np.float64] = np.where(carried > 0, 2 * hits / np.maximum(occurs, 1), 0).sum(axis=1)
    f1 /= np.maximum((carried > 0).sum(axis=1), 1)
    return f1

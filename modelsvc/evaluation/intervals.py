"""How far a number from few texts can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Targets

BLOCK = 2_000_000  # numbers of a resample held at once: 16 MB


class EvaluationError(ValueError):
    """The numbers given cannot be evaluated: the sentence says why."""


@dataclass(frozen=True)
class Interval:
    """A value and the interval around it, all in 0..1."""

    value: float
    low: float
    high: float


def wilson(correct: int, n: int, level: float = 0.95) -> Interval:
    """A share and its score interval (Wilson 1927). Raises EvaluationError unless 0 <= correct <= n and n > 0."""
    if n < 1 or not 0 <= correct <= n:
        raise EvaluationError(f"{correct} correct of {n} is not a share; give 0 <= correct <= n and n of 1 or more.")
    return wilson_share(correct / n, n, level)


def wilson_share(share: float, n: float, level: float = 0.95) -> Interval:
    """The score interval of a share of n independent texts; n may be an effective number, of 1 or more or less."""
    return score_interval(share, n, NormalDist().inv_cdf(0.5 + level / 2))


def score_interval(share: float, n: float, z: float) -> Interval:
    """Wilson's interval around a share that is as sure as one of n texts, n > 0 but not always whole."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)))


def macro_f1(Y_true: Targets, Y_pred: Targets) -> float:
    """Mean F1 over the labels that occur in truth or prediction; 0 when none does. (n, C), (n, C)"""
    true, pred = Y_true.astype(np.int64), Y_pred.astype(np.int64)
    occurs = true.sum(axis=0) + pred.sum(axis=0)
    hits = (true * pred).sum(axis=0)
    used = occurs > 0
    return float((2 * hits[used] / occurs[used]).mean()) if used.any() else 0.0


def bootstrap_macro_f1(
    Y_true: Targets, Y_pred: Targets, *, seed: int, resamples: int = 1000, level: float = 0.95
) -> Interval:
    """Macro-F1 with its percentile bootstrap interval over rows (Efron 1979). (n, C), (n, C)

    Rows are resampled plainly, not by label: how many texts of a rare label were met is part of the uncertainty. A
    label absent from a resample is left out of that resample's mean. Widened to hold the value where the bootstrap's
    own bias (a mean of ratios) would leave it outside. Raises EvaluationError without rows.
    """
    n = Y_true.shape[0]
    if n == 0 or Y_true.shape != Y_pred.shape:
        raise EvaluationError(f"Truth {Y_true.shape} and prediction {Y_pred.shape} must be the same, with rows.")
    true, pred = Y_true.astype(np.float64), Y_pred.astype(np.float64)
    drawn = [
        (times @ (true + pred), times @ (true * pred))
        for times in resampled_counts(np.random.default_rng(seed), n, resamples)
    ]
    occurs, hits = (np.concatenate(part) for part in zip(*drawn, strict=True))  # (R, C)
    used = occurs > 0
    f1 = np.where(used, 2 * hits / np.maximum(occurs, 1), 0).sum(axis=1) / np.maximum(used.sum(axis=1), 1)
    low, high = np.quantile(f1, [0.5 - level / 2, 0.5 + level / 2])
    value = macro_f1(Y_true, Y_pred)
    return Interval(value, min(value, float(low)), max(value, float(high)))


def resampled_counts(
    rng: np.random.Generator, n: int, resamples: int, *, block: int = BLOCK
) -> Iterator[NDArray[np.float64]]:
    """How often each of n rows is drawn in each resample, in parts (r, n) of at most `block` numbers: the same draws as
    all at once, which of 10,000 rows would take 80 MB."""
    rows = max(1, block // n)
    for start in range(0, resamples, rows):
        yield rng.multinomial(n, np.full(n, 1 / n), size=min(rows, resamples - start)).astype(np.float64)


def paired_worse(correct_a: NDArray[np.bool_], correct_b: NDArray[np.bool_]) -> float:
    """McNemar's mid-p, one-sided (Fagerland et al. 2013): small = evidence that model a is worse than model b.

    Both (n,), right or wrong on the same texts. Only texts on which the two differ count; without any, .5. Raises
    EvaluationError when the lengths differ.
    """
    if len(correct_a) != len(correct_b):
        raise EvaluationError(
            f"{len(correct_a)} answers against {len(correct_b)}: both models must answer the same texts."
        )
    a, b = np.asarray(correct_a, np.bool_), np.asarray(correct_b, np.bool_)
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    differ = only_a + only_b
    at_most = sum(comb(differ, i) for i in range(only_a + 1))  # P(X <= only_a) * 2^differ, whole numbers
    return float((2 * at_most - comb(differ, only_a)) / 2 ** (differ + 1))

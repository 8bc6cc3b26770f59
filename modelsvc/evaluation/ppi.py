"""Prediction-powered inference: a share measured on few texts drawn at random, tightened by what a model says of all.

Angelopoulos et al. 2023 (Science 382, arXiv 2301.09633), with the weight of PPI++ (arXiv 2311.01453). The model need
not be right: the texts that people have read correct it, and where it says nothing useful its weight goes to 0. Our
audit texts are among those the model was asked about, so the variance is that of a double sample (Cochran 1977,
Sampling Techniques, 12.6). Predictions must come from models that have not seen the text's label (cross-prediction:
Zrnic & Candès 2024, arXiv 2309.16598).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from modelsvc.evaluation.intervals import EvaluationError, Interval, score_interval, wilson
from modelsvc.types import Targets

LEAST_OF_A_KIND = 5
"""With fewer texts that are, or are not, what is counted, their spread is not known: nothing is tightened."""

MOST_GAIN = 4.0  # the tightened share counts as if from at most so many times the texts that were read


@dataclass(frozen=True)
class Proxy:
    """What a model says of a share in N texts, without anybody reading them."""

    size: int  # N
    mean: float
    variance: float

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> Proxy:
        """From a value for each text (N,). Nothing at all is (0, 0, 0)."""
        if not len(values):
            return cls(0, 0.0, 0.0)
        exact = values.astype(np.float64)
        return cls(len(exact), float(exact.mean()), float(exact.var()))


def tightened_share(
    truth: NDArray[np.bool_], proxy: NDArray[np.floating], everywhere: Proxy, *, texts: float = inf, level: float = 0.95
) -> Interval:
    """The share of texts for which something holds, with its interval.

    `truth` (n,) says whether it holds in each of n texts drawn at random, `proxy` (n,) what the model expects of them,
    0..1, and `everywhere` the same of all N texts it was asked about, those n among them. The share is that of `texts`
    texts: of the pool when its size is given, else of all texts of its kind. Plain Wilson (1927) where `everywhere` is
    no larger than the sample, or fewer than 5 texts are on either side. Raises EvaluationError without texts, or when
    the lengths differ.
    """
    n, holds = len(truth), int(truth.sum())
    if n == 0 or len(proxy) != n:
        raise EvaluationError(f"{n} answers and {len(proxy)} predictions: give one of each for every text, at least 1.")
    if min(holds, n - holds) < LEAST_OF_A_KIND or everywhere.size <= n or n < 3:
        return wilson(holds, n, level)
    y, f = truth.astype(np.float64), proxy.astype(np.float64)
    weight = _weight(y, f)
    share = float(np.clip(y.mean() + weight * (everywhere.mean - f.mean()), 1e-6, 1 - 1e-6))
    left = y - weight * f  # what the model does not explain
    unread, unasked = 1 / n - 1 / everywhere.size, max(0.0, 1 / everywhere.size - 1 / texts)
    variance = float(left.var(ddof=2) * unread + y.var(ddof=1) * unasked)
    sure_as = min(share * (1 - share) / variance, MOST_GAIN * n) if variance > 0 else MOST_GAIN * n
    return score_interval(share, sure_as, float(stdtrit(n - 2, 0.5 + level / 2)))


def _weight(y: NDArray[np.float64], f: NDArray[np.float64]) -> float:
    """PPI++'s weight of the model: 0 where it knows nothing of the truth, at most 1."""
    spread = float(f.var())
    if spread < 1e-12:
        return 0.0
    together = float(((y - y.mean()) * (f - f.mean())).mean())
    return float(np.clip(together / spread, 0.0, 1.0))


def confidence(proba: NDArray[np.floating], decided: Targets, *, multi_label: bool) -> NDArray[np.float64]:
    """How likely the whole answer is right, by the model's own word: (N, C), (N, C) -> (N,).

    One label a text: the probability of the label given. Several: that each label is rightly given or withheld, taken
    as independent of each other.
    """
    p, given = proba.astype(np.float64), decided > 0
    if not multi_label:
        return np.asarray(np.where(given, p, 0).sum(axis=1))
    return np.asarray(np.where(given, p, 1 - p).prod(axis=1))

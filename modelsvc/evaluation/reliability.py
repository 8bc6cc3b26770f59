"""Whether a model is as sure as it may be: of answers given with 80 % confidence, are 80 in 100 right?

Bins hold equally many answers, for most answers of a good model lie between 90 and 100 %. The expected calibration
error (Naeini et al. 2015) is the mean distance of confidence and share right over the bins. It is never negative, so
few answers make it too large: beside it stands what a perfectly calibrated model would show on as many answers by
chance (consistency resampling: Bröcker & Smith 2007).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.intervals import EvaluationError, Interval, resampled_counts, wilson
from modelsvc.types import Proba, Targets

Numbers = NDArray[np.float64]

MOST_BINS = 10
A_BIN = 15  # answers at least, before there is another bin
WORTH_A_LOOK = 0.05  # with several labels: confidence below which "no" is nearly certain, and nearly always right
RESAMPLES = 1000


@dataclass(frozen=True)
class Bin:
    """Answers of like confidence."""

    n: int
    low: float  # the least and the greatest confidence among them
    high: float
    confidence: float  # their mean
    right: Interval  # share of them that is right


@dataclass(frozen=True)
class Reliability:
    """How confidence and being right go together."""

    n: int  # answers
    bins: list[Bin]
    error: Interval  # expected calibration error
    by_chance: float  # the error that a perfectly calibrated model stays below in 95 of 100 cases

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, ready for JSON."""
        return asdict(self)


def of_answers(proba: Proba, predicted: Targets, gold: Targets, *, multi_label: bool, seed: int) -> Reliability | None:
    """From probabilities, answers and truth, all (n, C). One label a text: the confidence of the answer. Several: each
    label that was at least 5 % likely, as an answer of its own. None where that leaves nothing."""
    if multi_label:
        rows, columns = np.nonzero(proba >= WORTH_A_LOOK)
    else:
        rows, columns = np.nonzero(predicted)
    if not len(rows):
        return None
    return reliability(proba[rows, columns].astype(np.float64), gold[rows, columns] > 0, rows, seed=seed)


def reliability(confidence: Numbers, right: NDArray[np.bool_], texts: NDArray[np.integer], *, seed: int) -> Reliability:
    """From m answers: confidence 0..1, whether right, and the text of each (m,), for answers about one text are drawn
    together. What is found is at most the true error plus that of chance, so the interval's lower end is the error
    less `by_chance`, never below 0; its upper end is the bootstrap's, which is biased to the safe side. Raises
    EvaluationError without answers."""
    m = len(confidence)
    if not m or len(right) != m or len(texts) != m:
        raise EvaluationError(f"{m} confidences, {len(right)} answers and {len(texts)} texts: one of each an answer.")
    confidence = np.clip(np.asarray(confidence, np.float64), 0, 1)
    at = equal_mass(confidence)
    rng = np.random.default_rng(seed)
    gap = np.asarray(right, np.float64) - confidence
    error = float(_error(_sums(at, gap)[None], m)[0])
    high = float(np.quantile(_resampled(gap, at, texts, rng), 0.975))
    by_chance = float(np.quantile(_by_chance(confidence, at, rng), 0.95))
    return Reliability(
        n=m,
        bins=[_bin(confidence[at == b], right[at == b]) for b in range(int(at.max()) + 1)],
        error=Interval(error, max(0.0, error - by_chance), max(error, high)),
        by_chance=by_chance,
    )


def equal_mass(confidence: Numbers) -> NDArray[np.int64]:
    """The bin of each answer (m,), 0 for the least sure; at least A_BIN in each, and equal confidences together."""
    m = len(confidence)
    bins = int(np.clip(m // A_BIN, 1, MOST_BINS))
    edges = np.unique(np.sort(confidence)[np.arange(1, bins) * m // bins])
    at = np.searchsorted(edges, confidence, side="right")
    found: NDArray[np.int64] = np.unique(at, return_inverse=True)[1].astype(np.int64)  # none empty
    return found


def _bin(confidence: Numbers, right: NDArray[np.bool_]) -> Bin:
    share = wilson(int(right.sum()), len(right))
    return Bin(len(right), float(confidence.min()), float(confidence.max()), float(confidence.mean()), share)


def _error(gaps: Numbers, m: int | Numbers) -> Numbers:
    """(R, bins) sums of (right - confidence) -> (R,)."""
    errors: Numbers = np.abs(gaps).sum(axis=1) / m
    return errors


def _sums(at: NDArray[np.int64], gap: Numbers) -> Numbers:
    """Of each bin. (m,) -> (bins,)"""
    sums: Numbers = np.bincount(at, gap).astype(np.float64)
    return sums


def _resampled(gap: Numbers, at: NDArray[np.int64], texts: NDArray[np.integer], rng: np.random.Generator) -> Numbers:
    """The error on resamples of the texts (R,), each with all its answers."""
    _, text = np.unique(texts, return_inverse=True)
    T = int(text.max()) + 1
    sums = np.zeros((T, int(at.max()) + 1))
    np.add.at(sums, (text, at), gap)
    answers = np.bincount(text)
    return np.concatenate([_error(times @ sums, times @ answers) for times in resampled_counts(rng, T, RESAMPLES)])


def _by_chance(confidence: Numbers, at: NDArray[np.int64], rng: np.random.Generator) -> Numbers:
    """The error (R,) if each answer were right with just its confidence."""
    errors = np.empty(RESAMPLES)
    for r in range(RESAMPLES):
        gap = (rng.random(len(confidence)) < confidence) - confidence
        errors[r] = _error(_sums(at, gap)[None], len(confidence))[0]
    return errors

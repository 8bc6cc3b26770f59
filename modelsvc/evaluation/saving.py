"""How many labels choosing texts has saved: two orders of labelling, one head, one encoder, the same texts to judge by.

The random arm learns from labels drawn at random alone, the chosen arm from all labels as they came. The saving is read
across, at one height: how many labels in the chosen order it took to be as good as the random arm is now. Nothing is
extrapolated: what the chosen arm has not reached it has not saved, and what it had before its first point is not
counted. A curve through few texts is rough, and the first point that happens to lie high is not yet reached for good:
so both curves are made to rise (isotonic regression, Ayer et al. 1955) before they are compared.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.intervals import EvaluationError
from modelsvc.types import Targets

Floats = NDArray[np.float64]

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Arm:
    """One order of labelling: K heads, ever more labels, and what each said of the same a audit texts."""

    learnt: Floats  # (K,) ascending; labels that the heads which answered had learnt from, on average over the texts
    answers: NDArray[np.uint8]  # (K, a, C)


@dataclass(frozen=True)
class Saving:
    """Labels saved, with a 95 % interval; negative where the chosen order was slower, and minus infinity where it has
    not come so far yet."""

    value: float
    low: float
    high: float
    random: float  # labels that the random arm has learnt from
    chosen: float  # labels in the chosen order that teach as much

    def to_dict(self) -> dict[str, float | None]:
        """Plain numbers, ready for JSON, which knows no infinity: None stands for it."""
        return {name: number if np.isfinite(number) else None for name, number in asdict(self).items()}


def labels_saved(chosen: Arm, random: Arm, Y: Targets, *, multi_label: bool, seed: int) -> Saving:
    """What the chosen order saved against the random one, judged on the same texts with labels Y (a, C): by accuracy,
    with several labels a text by macro-F1. The interval is a bootstrap over the texts, paired: each resample judges
    both arms. Raises EvaluationError when the arms have answered other texts, or none."""
    for arm in (chosen, random):
        if not len(arm.learnt) or arm.answers.shape != (len(arm.learnt), *Y.shape) or not len(Y):
            raise EvaluationError(
                f"Answers {arm.answers.shape} do not fit {len(arm.learnt)} heads and texts {Y.shape}."
            )
    a = len(Y)
    drawn = np.random.default_rng(seed).multinomial(a, np.full(a, 1 / a), size=RESAMPLES)
    times = np.concatenate([np.ones((1, a)), drawn.astype(np.float64)])  # the texts themselves first
    measure = _macro_f1 if multi_label else _accuracy
    ours, theirs = (rising(measure(times, arm.answers, Y)) for arm in (chosen, random))
    reached = labels_to_reach(theirs[:, -1], ours, chosen.learnt)
    saved = random.learnt[-1] - reached
    # A resample's own value, not a mean of two, of which one may be infinite.
    low, high = np.quantile(saved[1:], [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], method="nearest")
    value = float(saved[0])
    return Saving(value, min(value, float(low)), max(value, float(high)), float(random.learnt[-1]), float(reached[0]))


def rising(curves: Floats) -> Floats:
    """Each curve (R, K) as the nearest one that never falls: pool adjacent violators, in its max-min form."""
    K = curves.shape[1]
    sums = np.concatenate([np.zeros((len(curves), 1)), np.cumsum(curves, axis=1)], axis=1)
    rising = np.empty_like(curves)
    for k in range(K):
        starts, ends = np.arange(k + 1), np.arange(k, K)
        means = (sums[:, None, ends + 1] - sums[:, starts, None]) / (ends[None, :] - starts[:, None] + 1)
        rising[:, k] = means.min(axis=2).max(axis=1)
    return rising


def labels_to_reach(level: Floats, curves: Floats, learnt: Floats) -> Floats:
    """Where each rising curve (R, K) over `learnt` (K,) comes to its level (R,), between points in a straight line. At
    the first point at the earliest; infinity where it does not. -> (R,)"""
    above = curves >= level[:, None]
    at = above.argmax(axis=1)
    rows = np.arange(len(curves))
    before = np.maximum(at - 1, 0)
    step = curves[rows, at] - curves[rows, before]
    share = np.where(step > 0, (level - curves[rows, before]) / np.where(step > 0, step, 1), 1)
    reached = learnt[before] + np.clip(share, 0, 1) * (learnt[at] - learnt[before])
    reached = np.where(at == 0, learnt[0], reached)
    found: Floats = np.where(above.any(axis=1), reached, np.inf)
    return found


def _accuracy(times: Floats, answers: NDArray[np.uint8], Y: Targets) -> Floats:
    """(R, K) of K heads' answers in R resamples, each a count of the texts (R, a)."""
    right = (answers == Y).all(axis=2).astype(np.float64)  # (K, a)
    shares: Floats = times @ right.T / times.sum(axis=1, keepdims=True)
    return shares


def _macro_f1(times: Floats, answers: NDArray[np.uint8], Y: Targets) -> Floats:
    """(R, K), over the labels that some text of a resample carries: the same for every head."""
    true = Y.astype(np.float64)
    carried = times @ true  # (R, C)
    labels = np.maximum((carried > 0).sum(axis=1), 1)
    curves = np.empty((len(times), len(answers)))
    for k, answer in enumerate(answers):
        hits, given = times @ (true * answer), times @ answer.astype(np.float64)
        curves[:, k] = np.where(carried > 0, 2 * hits / np.maximum(carried + given, 1), 0).sum(axis=1) / labels
    return curves

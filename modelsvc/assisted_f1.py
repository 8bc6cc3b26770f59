"""Macro-F1 from few audit texts, with the model's help: what it expects of each label over all the pool, corrected by
how often it was right about the audit texts.

How many texts it gives a label to is known without anybody reading one. How many of those are right, and how many it
missed, it expects itself: sums of its probabilities. Each such sum is multiplied by observed over expected in the audit
(indirect standardisation) with Jeffreys' gamma prior, so that a label the audit hardly met keeps the model's word and a
wide doubt (Clayton & Kaldor 1987, Biometrics 43; F1 as a ratio of gammas: Goutte & Gaussier 2005, ECIR). The plain
bootstrap knows of no label that the audit did not meet, and held the truth in 65 to 90 of 100 simulated projects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.intervals import EvaluationError, Interval
from modelsvc.types import Proba, Targets

Floats = NDArray[np.float64]

PRIOR = 0.5  # Jeffreys' for a rate: worth half an event, seen as often as expected
DRAWS = 2_000
LEAST_CARRYING = 5  # audit texts with a label, below which the model's word would stand almost alone


@dataclass(frozen=True)
class Expected:
    """What a model expects of each label in the pool, as shares of the texts, all (C,)."""

    right: Floats  # given, and rightly
    wrong: Floats  # given, and wrongly
    missed: Floats  # carry it, and were not given it

    @classmethod
    def of(cls, proba: Proba, answers: Targets) -> Expected:
        """(N, C), (N, C) of N texts; of none all is 0."""
        return cls(*(part / max(1, len(proba)) for part in _parts(proba.astype(np.float64), answers > 0)))


def assisted_macro_f1(
    truth: Targets, answers: Targets, proba: NDArray[np.floating], pool: Expected, *, seed: int, level: float = 0.95
) -> Interval | None:
    """Macro-F1 over all C labels. `truth`, `answers` and `proba` (n, C) are of the audit texts, by heads that have not
    seen them. None where fewer than 5 of them carry a label. Raises EvaluationError where shapes differ."""
    if not truth.shape == answers.shape == proba.shape:
        raise EvaluationError(f"Truth {truth.shape}, answers {answers.shape}, probabilities {proba.shape} must agree.")
    if int(truth.any(axis=1).sum()) < LEAST_CARRYING:
        return None
    given = answers > 0
    seen = _parts(truth.astype(np.float64), given)
    hoped = _parts(proba.astype(np.float64), given)
    rng = np.random.default_rng(seed)
    middle = _macro(pool, [(PRIOR + s) / (PRIOR + h) for s, h in zip(seen, hoped, strict=True)])
    draws = [rng.gamma(PRIOR + s, size=(DRAWS, len(s))) / (PRIOR + h) for s, h in zip(seen, hoped, strict=True)]
    low, high = np.quantile(_macro(pool, draws), [0.5 - level / 2, 0.5 + level / 2])
    return Interval(float(middle), min(float(middle), float(low)), max(float(middle), float(high)))


def _parts(carries: Floats, given: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Texts rightly given, wrongly given and missed, by label: (n, C), (n, C) -> three of (C,)."""
    return (carries * given).sum(axis=0), ((1 - carries) * given).sum(axis=0), (carries * ~given).sum(axis=0)


def _macro(pool: Expected, times: list[Floats]) -> Floats:
    """The mean F1 when what the pool is expected to hold is multiplied so, the share given to each label unchanged."""
    right, wrong, missed = pool.right * times[0], pool.wrong * times[1], pool.missed * times[2]
    given = pool.right + pool.wrong
    hits = np.where(right + wrong > 0, given * right / np.maximum(right + wrong, 1e-300), 0.0)
    occurs = given + hits + missed
    return np.asarray(np.where(occurs > 0, 2 * hits / np.maximum(occurs, 1e-300), 0.0).mean(axis=-1))

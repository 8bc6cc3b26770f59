"""The bootstrap over texts for answers of several people, on groups of texts that were answered alike.

Most shared texts show one of few patterns (the same people gave the same answers), and a coefficient needs only how
often each occurs. So a resample is a row of counts over patterns: exactly the bootstrap over texts, in a small matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelsvc.annotators.answers import Answers, Ints
from modelsvc.annotators.coefficients import Floats
from modelsvc.evaluation.intervals import Interval, wilson_share
from modelsvc.types import Targets

RESAMPLES = 2_000
CELLS = 4_000_000  # of drawn texts held at once: 32 MB
ABSENT = -1


@dataclass(frozen=True)
class Patterns:
    """G different ways in which N shared texts were answered by J people, of whom each answered a text at most once."""

    kinds: Targets  # (K, C) the different answers
    said: Ints  # (G, J) which of them each person gave; ABSENT: none
    times: Ints  # (G,) texts with this pattern

    @classmethod
    def of(cls, answers: Answers) -> Patterns:
        """Of the texts that two or more people answered. Of a person's answers to one text the last counts."""
        shared = answers.shared()
        kinds, which = shared.kinds()
        said = np.full((shared.texts, max(1, shared.people)), ABSENT, np.int64)
        said[shared.text, shared.person] = which
        patterns, times = np.unique(said[(said >= 0).any(axis=1)], axis=0, return_counts=True)
        return cls(kinds, patterns, times.astype(np.int64))

    @property
    def texts(self) -> int:
        return int(self.times.sum())

    def counts(self) -> Floats:
        """(G, K) how many people gave each answer."""
        return np.stack([(self.said == kind).sum(axis=1) for kind in range(len(self.kinds))], axis=1).astype(np.float64)

    def weights(self, *, seed: int, resamples: int = RESAMPLES) -> Floats:
        """(1 + R, G): the texts as they are, then resamples of as many texts."""
        N, G = self.texts, len(self.times)
        rng = np.random.default_rng(seed)
        W = np.empty((1 + resamples, G))
        W[0] = self.times
        if 4 * G < N:
            W[1:] = rng.multinomial(N, self.times / N, size=resamples)
            return W
        pattern = np.repeat(np.arange(G), self.times)  # (N,)
        step = max(1, CELLS // N)
        for start in range(1, 1 + resamples, step):
            rows = min(step, 1 + resamples - start)
            drawn = pattern[rng.integers(N, size=(rows, N))] + G * np.arange(rows)[:, None]
            W[start : start + rows] = np.bincount(drawn.reshape(-1), minlength=rows * G).reshape(rows, G)
        return W


def share_interval(drawn: Floats, texts: float, level: float = 0.95) -> Interval | None:
    """Of a share of texts: the percentile interval (Efron 1979), never narrower than Wilson's. Resamples of ten texts
    without a disagreement show none either, and would claim certainty."""
    found = interval(drawn, level)
    if found is None or texts <= 0:
        return None
    wilson = wilson_share(min(1.0, max(0.0, found.value)), texts, level)
    return Interval(found.value, min(found.low, wilson.low), max(found.high, wilson.high))


def coefficient_interval(drawn: Floats, agreed: Interval | None, chance: float) -> Interval | None:
    """Of a coefficient of agreement, that is 1 - disagreement / disagreement by chance. Where nobody has disagreed, its
    lower bound is what it would be if people agreed as seldom as the interval of the share allows, `chance` (0..1)
    being how often they agree by chance."""
    found = interval(drawn)
    if found is None or agreed is None or agreed.value < 1 or chance >= 1:
        return found
    return Interval(found.value, min(found.low, 1 - (1 - agreed.low) / (1 - chance)), found.high)


def interval(drawn: Floats, level: float = 0.95) -> Interval | None:
    """The first is the value, the others its resamples. None where the value is not defined."""
    if not np.isfinite(drawn[0]):
        return None
    rest = drawn[1:][np.isfinite(drawn[1:])]
    value = float(drawn[0])
    if not len(rest):
        return Interval(value, value, value)
    low, high = np.quantile(rest, [0.5 - level / 2, 0.5 + level / 2])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def mean_of_defined(values: Floats) -> Floats:
    """The mean over the columns that are defined, (R, C) -> (R,); NaN where none is."""
    defined = np.isfinite(values)
    total = np.where(defined, values, 0.0).sum(axis=1)
    count = defined.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)

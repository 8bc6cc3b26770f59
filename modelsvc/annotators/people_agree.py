"""How far people agree: overall, by label, by pair; and the height that a model's curve can be held against.

Every figure comes with an interval from one bootstrap over texts (modelsvc/annotators/resamples.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from modelsvc.annotators import coefficients as coefficient
from modelsvc.annotators.answers import Answers
from modelsvc.annotators.coefficients import Floats
from modelsvc.annotators.resamples import (
    ABSENT,
    RESAMPLES,
    Patterns,
    coefficient_interval,
    interval,
    mean_of_defined,
    share_interval,
)
from modelsvc.evaluation.intervals import Interval

LEAST_TEXTS = 10  # shared texts below which no figure is made
LEAST_LABEL = 5  # of them with a label that somebody gave, for figures of that label


@dataclass(frozen=True)
class OfLabel:
    """One label against the rest."""

    column: int
    texts: int  # shared texts on which somebody gave it
    percent: Interval | None = None
    kappa: Interval | None = None  # Fleiss'
    alpha: Interval | None = None
    again: Interval | None = None  # when one gives it, how often another does too


@dataclass(frozen=True)
class OfPair:
    """Two people, on the texts that both answered."""

    first: int
    second: int
    texts: int
    percent: Interval | None = None
    kappa: Interval | None = None  # Cohen's


@dataclass(frozen=True)
class Ceiling:
    """One person judged by another, as a model is judged: the height to hold a curve against."""

    accuracy: Interval | None
    macro_f1: Interval | None
    micro_f1: Interval | None


@dataclass(frozen=True)
class PeopleAgree:
    """Agreement on the texts that two or more people answered. Figures are None with fewer than LEAST_TEXTS of them,
    and where everybody always gave the same answer, so that chance leaves nothing to agree on."""

    texts: int
    people: int
    percent: Interval | None = None
    fleiss: Interval | None = None
    alpha: Interval | None = None  # nominal: label sets are the same or not
    masi: Interval | None = None  # alpha with MASI distances between label sets; multi-label only
    labels: tuple[OfLabel, ...] = ()
    pairs: tuple[OfPair, ...] = ()
    ceiling: Ceiling | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def people_agree(answers: Answers, *, multi_label: bool, seed: int, resamples: int = RESAMPLES) -> PeopleAgree:
    """All figures. Of a person's several answers to a text the last in order counts."""
    patterns = Patterns.of(answers)
    people = int((patterns.said != ABSENT).any(axis=0).sum()) if len(patterns.times) else 0
    if not len(patterns.times) or patterns.texts < LEAST_TEXTS:
        pairs = _pairs(patterns, np.empty((0, 0))) if len(patterns.times) else ()
        return PeopleAgree(patterns.texts, people, pairs=pairs)
    W, n = patterns.weights(seed=seed, resamples=resamples), patterns.counts()
    agreed = share_interval(coefficient.percent(W, n), patterns.texts)
    chance = float(np.square(_given(W, n)).sum())
    masi = None
    if multi_label:
        distance = coefficient.masi_distances(patterns.kinds)
        met = 1 - float(_given(W, n) @ distance @ _given(W, n))
        masi = coefficient_interval(coefficient.distance_alpha(W, n, distance), agreed, met)
    return PeopleAgree(
        texts=patterns.texts,
        people=people,
        percent=agreed,
        fleiss=coefficient_interval(coefficient.fleiss_kappa(W, n), agreed, chance),
        alpha=coefficient_interval(coefficient.nominal_alpha(W, n), agreed, chance),
        masi=masi,
        labels=tuple(_of_label(patterns, W, n, column) for column in range(patterns.kinds.shape[1])),
        pairs=_pairs(patterns, W),
        ceiling=_ceiling(patterns, W, n, agreed),
    )


def _given(W: Floats, n: Floats) -> Floats:
    """(K,) the shares of the answers, as they were given."""
    given = W[0] @ n
    return np.asarray(given / given.sum())


def _of_label(patterns: Patterns, W: Floats, n: Floats, column: int) -> OfLabel:
    x, m = n @ (patterns.kinds[:, column] > 0), n.sum(axis=1)
    texts = int(patterns.times[x > 0].sum())
    if texts < LEAST_LABEL:
        return OfLabel(column, texts)
    sides = coefficient.yes_or_no(x, m)
    agreed = share_interval(coefficient.percent(W, sides), patterns.texts)
    chance = float(np.square(_given(W, sides)).sum())
    return OfLabel(
        column,
        texts,
        percent=agreed,
        kappa=coefficient_interval(coefficient.fleiss_kappa(W, sides), agreed, chance),
        alpha=coefficient_interval(coefficient.nominal_alpha(W, sides), agreed, chance),
        again=share_interval(coefficient.specific_agreement(W, x, m), texts),
    )


def _pairs(patterns: Patterns, W: Floats) -> tuple[OfPair, ...]:
    """Every two people who share a text, in the order of their numbers."""
    found = []
    for first, second in combinations(range(patterns.said.shape[1]), 2):
        both = (patterns.said[:, [first, second]] != ABSENT).all(axis=1)
        texts = int(patterns.times[both].sum())
        if texts >= LEAST_TEXTS:
            found.append(_pair(patterns, W[:, both], first, second, both))
        elif texts:
            found.append(OfPair(first, second, texts))
    return tuple(found)


def _pair(patterns: Patterns, W: Floats, first: int, second: int, both: Floats) -> OfPair:
    W = W[W.sum(axis=1) > 0]  # a resample may miss the few texts of a pair
    one, other, K = patterns.said[both, first], patterns.said[both, second], len(patterns.kinds)
    texts = int(W[0].sum())
    agreed = share_interval(W @ (one == other) / W.sum(axis=1), texts)
    share = [np.bincount(said, weights=W[0], minlength=K) / texts for said in (one, other)]
    kappa = coefficient.cohen_kappa(W, one, other, K)
    return OfPair(first, second, texts, agreed, coefficient_interval(kappa, agreed, float(share[0] @ share[1])))


def _ceiling(patterns: Patterns, W: Floats, n: Floats, agreed: Interval | None) -> Ceiling:
    x, m = n @ (patterns.kinds > 0).astype(np.float64), n.sum(axis=1)  # (G, C), (G,)
    by_label = coefficient.specific_agreement(W, x, m)
    weight = 1 / (m - 1)
    met, given = W @ ((x * (x - 1)).sum(axis=1) * weight), W @ x.sum(axis=1)
    micro = np.where(given > 0, met / np.where(given > 0, given, 1), np.nan)
    return Ceiling(agreed, interval(mean_of_defined(by_label)), interval(micro))

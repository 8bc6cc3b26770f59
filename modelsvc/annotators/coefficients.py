"""Coefficients of agreement, for many resamples at once.

Every one is a function of sums over texts, so a resample is a row of weights: W (R, G) says how often each of G texts
(or groups of texts answered alike) counts. Counts n (G, K) say how many people gave each of K answers, and m (G,), two
or more, how many answered. All functions return (R,); NaN where chance leaves nothing to agree on: all answers alike.

Notation and worked examples: Cohen 1960; Fleiss 1971; Krippendorff 2011, "Computing Krippendorff's
Alpha-Reliability"; MASI: Passonneau 2006, "Measuring Agreement on Set-valued Items".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Targets

Floats = NDArray[np.float64]


def percent(W: Floats, n: Floats) -> Floats:
    """The share of pairs of people that answered alike, a mean over texts: how often one person meets another."""
    return np.asarray(W @ alike(n) / W.sum(axis=1))


def alike(n: Floats) -> Floats:
    """(G,) or (G, …): of the ordered pairs of answers to a text those that are the same."""
    m = n.sum(axis=1)
    return np.asarray((n * (n - 1)).sum(axis=1) / (m * (m - 1)))


def fleiss_kappa(W: Floats, n: Floats) -> Floats:
    """Fleiss' kappa. With unequal numbers of people each text counts once, by its shares, as with equal ones."""
    shares = W @ (n / n.sum(axis=1, keepdims=True)) / W.sum(axis=1, keepdims=True)  # (R, K)
    return _corrected(percent(W, n), np.square(shares).sum(axis=1))


def cohen_kappa(W: Floats, first: NDArray[np.int64], second: NDArray[np.int64], K: int) -> Floats:
    """Cohen's kappa of two people. `first`, `second` (G,): which of K answers each gave; W (R, G)."""
    eye, total = np.eye(K), W.sum(axis=1)
    expected = ((W @ eye[first]) * (W @ eye[second])).sum(axis=1) / total**2
    return _corrected(W @ (first == second).astype(np.float64) / total, expected)


def nominal_alpha(W: Floats, n: Floats) -> Floats:
    """Krippendorff's alpha where two answers are either the same or not."""
    m = n.sum(axis=1)
    apart = (m**2 - np.square(n).sum(axis=1)) / (m - 1)
    given, total = W @ n, W @ m
    return _alpha(W @ apart, total**2 - np.square(given).sum(axis=1), total)


def distance_alpha(W: Floats, n: Floats, distance: Floats) -> Floats:
    """Krippendorff's alpha with distances between answers (K, K), 0 for the same and 1 at most."""
    m = n.sum(axis=1)
    apart = ((n @ distance) * n).sum(axis=1) / (m - 1)
    given = W @ n
    return _alpha(W @ apart, ((given @ distance) * given).sum(axis=1), W @ m)


def yes_or_no(x: Floats, m: Floats) -> Floats:
    """One label against the rest: x (G,) of m (G,) people gave it. -> counts (G, 2)."""
    return np.stack([x, m - x], axis=1)


def specific_agreement(W: Floats, x: Floats, m: Floats) -> Floats:
    """When one person gives a label, how often does another give it too? (G,), (G,) -> (R,) or (G, C), (G,) -> (R, C).

    For two people it is the F1 of either against the other (Hripcsak & Rothschild 2005). NaN where nobody gave it.
    """
    weight = 1 / (m - 1) if x.ndim == 1 else (1 / (m - 1))[:, None]
    return _divided(W @ (x * (x - 1) * weight), W @ x)


def masi_distances(kinds: Targets) -> Floats:
    """(K, C) label sets -> (K, K). 1 - Jaccard x monotonicity: 1 for equal sets, 2/3 where one holds the other, 1/3
    where they only meet, 0 where they do not. Two empty sets are equal."""
    sets = (kinds > 0).astype(np.float64)
    size, both = sets.sum(axis=1), sets @ sets.T
    either = size[:, None] + size[None, :] - both
    jaccard = np.where(either > 0, both / np.maximum(either, 1), 1.0)
    equal = both == either
    within = (both == size[:, None]) | (both == size[None, :])
    monotone = np.select([equal, within & (both > 0), both > 0], [1.0, 2 / 3, 1 / 3], 0.0)
    return np.asarray(1 - jaccard * monotone)


def _alpha(observed: Floats, expected: Floats, total: Floats) -> Floats:
    return 1 - (total - 1) * _divided(observed, expected)


def _corrected(seen: Floats, chance: Floats) -> Floats:
    return _divided(seen - chance, 1 - chance)


def _divided(above: Floats, below: Floats) -> Floats:
    """NaN where there is nothing to divide by; what differs from 0 by rounding alone counts as nothing."""
    nothing = below < 1e-12
    return np.where(nothing, np.nan, above / np.where(nothing, 1.0, below))

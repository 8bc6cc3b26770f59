"""Two models that put the same texts in order for each label: whether one of them is worse, and how sure that is.

Average precision needs no threshold, which few examples of a label cannot set: over a tuned encoder thresholds alone
cost 5 points of F1 where the order of the texts was better (terms of service, 64 labels).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Targets

Floats = NDArray[np.float32]
Group = NDArray[np.int64]

RESAMPLES = 1000


@dataclass(frozen=True)
class Rankings:
    """A new model's order of the texts and that of the one before."""

    pairs: int  # labels, in each group of texts, that could be asked
    precision: float  # mean average precision 0..1 over these
    precision_before: float
    p: float  # small = evidence that the new one is worse


def compare_rankings(
    new: Floats, before: Floats, Y: Targets, group: Group, known: NDArray[np.bool_], *, seed: int
) -> Rankings:
    """Scores (n, C) of both models against the truth Y (n, C). Texts are only compared within their `group` (n,), one
    of 0..G-1, whose models are its own; `known` (G, C) says which labels these could learn. p is the share of resamples
    of the texts (Efron 1979), the same for both, in which the new one's mean is higher, ties counted half. Without a
    pair it is a half."""
    n = len(Y)
    asked = [(np.flatnonzero(group == g), int(c)) for g in range(len(known)) for c in np.flatnonzero(known[g])]
    asked = [(rows, c) for rows, c in asked if Y[rows, c].any()]
    if not asked:
        return Rankings(0, 0.0, 0.0, 0.5)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float32)
    times = np.concatenate([np.ones((1, n), np.float32), times])  # the first is the texts as they are
    now, then = (_mean_precision(times, scores, Y, asked) for scores in (new, before))
    gain = (now - then)[1:]
    p = float((gain > 0).mean() + (gain == 0).mean() / 2)
    return Rankings(len(asked), float(now[0]), float(then[0]), p)


def _mean_precision(
    times: Floats, scores: Floats, Y: Targets, asked: list[tuple[NDArray[np.int64], int]]
) -> NDArray[np.float64]:
    """(R,) over the pairs of which a resample holds an example."""
    total, held = np.zeros(len(times)), np.zeros(len(times))
    for rows, c in asked:
        order = rows[np.argsort(-scores[rows, c], kind="stable")]
        weight = times[:, order]  # (R, m)
        hits = weight * Y[order, c]
        found = hits.sum(axis=1)
        precision = np.cumsum(hits, axis=1) / np.maximum(np.cumsum(weight, axis=1), 1)
        total += np.where(found > 0, (hits * precision).sum(axis=1) / np.maximum(found, 1), 0)
        held += found > 0
    mean: NDArray[np.float64] = total / np.maximum(held, 1)
    return mean

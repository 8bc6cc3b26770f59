"""Two models that put the same texts in order for each label: whether one of them is worse, and how sure that is.

Average precision needs no threshold, which few examples of a label cannot set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Look, Targets, unwatched

Floats = NDArray[np.float32]
Group = NDArray[np.int64]

RESAMPLES, BLOCK = 1000, 250  # a block of 20,000 texts is 20 MB


@dataclass(frozen=True)
class Rankings:
    """A new model's order of the texts and that of the one before."""

    examples: int  # that could be asked: texts of each label in each group whose models could learn it
    precision: float  # mean average precision 0..1 over labels and groups
    precision_before: float
    p: float  # small = evidence that the new one is worse


def compare_rankings(
    new: Floats,
    before: Floats,
    Y: Targets,
    group: Group,
    known: NDArray[np.bool_],
    *,
    seed: int,
    look: Look = unwatched,
) -> Rankings:
    """Scores (n, C) of both models against the truth Y (n, C). Texts are only compared within their `group` (n,), one
    of 0..G-1, whose models are its own; `known` (G, C) says which labels these could learn. p is the share of resamples
    of the texts (Efron 1979), the same for both, in which the new one's mean is higher, ties counted half. Without an
    example it is a half. `look` is called all along and may raise to stop."""
    n = len(Y)
    asked = [(np.flatnonzero(group == g), int(c)) for g in range(len(known)) for c in np.flatnonzero(known[g])]
    asked = [(rows, c) for rows, c in asked if Y[rows, c].any()]
    if not asked:
        return Rankings(0, 0.0, 0.0, 0.5)
    rng, even, gain = np.random.default_rng(seed), np.full(n, 1 / n), np.zeros(RESAMPLES)
    for at in range(0, RESAMPLES, BLOCK):
        times = rng.multinomial(n, even, size=BLOCK).astype(np.float32)
        now, then = (_mean_precision(times, scores, Y, asked, look) for scores in (new, before))
        gain[at : at + BLOCK] = now - then
    p = float((gain > 0).mean() + (gain == 0).mean() / 2)
    as_they_are = np.ones((1, n), np.float32)
    here, there = (float(_mean_precision(as_they_are, scores, Y, asked, look)[0]) for scores in (new, before))
    return Rankings(sum(int(Y[rows, c].sum()) for rows, c in asked), here, there, p)


def _mean_precision(
    times: Floats, scores: Floats, Y: Targets, asked: list[tuple[NDArray[np.int64], int]], look: Look
) -> NDArray[np.float64]:
    """(R,) over the pairs of which a resample holds an example."""
    total, held = np.zeros(len(times)), np.zeros(len(times))
    for rows, c in asked:
        look()
        order = rows[np.argsort(-scores[rows, c], kind="stable")]
        weight = times[:, order]  # (R, m)
        hits = weight * Y[order, c]
        found = hits.sum(axis=1)
        precision = np.cumsum(hits, axis=1) / np.maximum(np.cumsum(weight, axis=1), 1)
        total += np.where(found > 0, (hits * precision).sum(axis=1) / np.maximum(found, 1), 0)
        held += found > 0
    mean: NDArray[np.float64] = total / np.maximum(held, 1)
    return mean

"""Draws by chance, no text twice in other words, and the chance with which each was drawn.

The chance is worth something only if it is that of what happened: texts that wait because they say what another one
says are not among those that could have been drawn. Estimates that weigh answers by 1/chance need this (LURE:
Farquhar et al. 2021, arXiv 2101.11665).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.querying.diversity import SAME_WORDING, repeating
from modelsvc.types import Embeddings, Rows, Scores

EXPLORE = 0.1  # share of draws made uniformly: finds what the model is sure of and wrong about
SHARPNESS = 4.0  # power on the scores; see benchmarks/LOG.md
LOOKED_AT = 6_000  # texts compared with all that is labelled: 100,000 would take seconds. Any above is a sample
TURNS = 256  # turns counted at once: texts x turns in memory is what this bounds

Weights = NDArray[np.float64]  # (S,) of the texts that are looked at


@dataclass(frozen=True)
class Drawn:
    """Rows in the order drawn, the chance of each at its turn, and whether it came from the uniform share."""

    rows: Rows  # (K,)
    probabilities: NDArray[np.float32]  # (K,)
    explored: NDArray[np.bool_]  # (K,)


def drawn_apart(
    X: Embeddings, scores: Scores, k: int, *, against: Embeddings, rng: np.random.Generator, among: Rows | None = None
) -> Drawn:
    """k of the rows `among` (all of X without it), each drawn from (1 - e) * scores^b / sum + e * uniform over those
    that may still be drawn: what says the same as one of `against` (M, D), or as an earlier draw, waits until nothing
    else is left. X is (N, D), scores (N,) in 0..1.

    The chance of a row is that share, given the turns before it. Of more than LOOKED_AT rows those with the highest
    scores are looked at and a random sample of the others, each of which stands for several; the sums of the chance are
    then estimates, and the mean of 1/chance is kept (two-phase sampling: Saerndal, Swensson & Wretman 1992, chapter 9).
    """
    rows, stands_for = _looked_at(scores, np.arange(len(X)) if among is None else among, k, rng)
    # A copy of some thousand rows, so that each turn touches little memory.
    looked = _Looked(X[rows], stands_for * _power(scores[rows]), stands_for)
    new = ~repeating(looked.X, against)
    first = _in_turn(looked, new, k, apart=True, rng=rng)
    left = np.ones(len(rows), np.bool_)
    left[first.rows] = False
    then = _in_turn(looked, left, k - len(first.rows), apart=False, rng=rng)
    return Drawn(
        rows[np.concatenate([first.rows, then.rows])],
        np.concatenate([first.probabilities, then.probabilities]),
        np.concatenate([first.explored, then.explored]),
    )


@dataclass(frozen=True)
class _Looked:
    """The texts that may be drawn, each with those it stands for."""

    X: Embeddings  # (S, D)
    by_score: Weights
    by_chance: Weights  # how many texts each stands for


def _looked_at(scores: Scores, among: Rows, k: int, rng: np.random.Generator) -> tuple[Rows, Weights]:
    """-> rows (S,), all of `among` or the better half by score and a random half; how many each stands for (S,)."""
    half = max(LOOKED_AT, 4 * k) // 2
    if len(among) <= 2 * half:
        return among, np.ones(len(among))
    by_score = np.argpartition(-scores[among], half)
    sample = rng.choice(by_score[half:], half, replace=False)
    stands_for = np.repeat([1.0, (len(among) - half) / half], half)
    return among[np.concatenate([by_score[:half], sample])], stands_for


def _power(scores: Scores) -> Weights:
    """Power acquisition (Kirsch et al. 2021, arXiv 2106.12059). A score of 0 can still be drawn when all others are."""
    weights: Weights = np.maximum(scores.astype(np.float64), 1e-12) ** SHARPNESS
    return weights


def _in_turn(looked: _Looked, open_: NDArray[np.bool_], k: int, *, apart: bool, rng: np.random.Generator) -> Drawn:
    """At most k of the open rows (S,), fewer when none is left; `apart`: none that says what an earlier one says."""
    sources = (_order(looked.by_score, open_, rng), _order(looked.by_chance, open_, rng))
    explored = rng.random(k) < EXPLORE
    taken = np.zeros(len(open_), np.bool_)
    said = np.empty((k, looked.X.shape[1]), np.float32)
    chosen: list[int] = []
    for explores in explored:
        # To pass over a row that may not be drawn leaves the chances of the others to one another as they are.
        for row in sources[int(explores)]:
            if not taken[row] and not (apart and repeating(looked.X[[row]], said[: len(chosen)])[0]):
                break
        else:
            break  # that source has offered every row: nothing is left
        said[len(chosen)], taken[row] = looked.X[row], True
        chosen.append(row)
    rows = np.array(chosen, np.int64)
    explored = explored[: len(rows)]
    return Drawn(rows, _chances(looked, rows, _last_turn(looked.X, rows, open_, apart=apart)), explored)


def _order(weights: Weights, open_: NDArray[np.bool_], rng: np.random.Generator) -> Iterator[int]:
    """The open rows, drawn in turn by weight without replacement: Gumbel top-k (Kool et al. 2019, arXiv 1903.06059)."""
    rows = np.flatnonzero(open_)
    keys = np.log(weights[rows]) + rng.gumbel(size=len(rows))
    return iter(rows[np.argsort(-keys, kind="stable")].tolist())


def _last_turn(X: Embeddings, rows: Rows, open_: NDArray[np.bool_], *, apart: bool) -> NDArray[np.int64]:
    """(S,) the last turn at which each row could have been drawn: its own, that of the first draw that says the same,
    or the last of all; -1 for a row that was never open."""
    last = np.where(open_, len(rows) - 1, -1)
    if apart:
        unmet = open_.copy()
        for start in range(0, len(rows), TURNS):
            alike = X @ X[rows[start : start + TURNS]].T > SAME_WORDING  # (S, TURNS)
            met = unmet & alike.any(axis=1)
            last[met] = start + alike[met].argmax(axis=1)
            unmet &= ~met
    last[rows] = np.arange(len(rows))
    return last


def _chances(looked: _Looked, rows: Rows, last: NDArray[np.int64]) -> NDArray[np.float32]:
    """(K,) the chance of each of the rows at its turn, of what could then be drawn."""
    could = last >= 0

    def left(weights: Weights) -> Weights:
        """(K,) their sum over what could be drawn at each turn; from the last turn on, so that no digits cancel."""
        at = np.bincount(last[could], weights[could], minlength=len(rows)).astype(np.float64)
        sums: Weights = np.cumsum(at[::-1])[::-1]
        return sums

    one = looked.by_chance[rows]  # the chance is that of one text, not of all it stands for
    scored = looked.by_score[rows] / one / left(looked.by_score)
    chances = (1 - EXPLORE) * scored + EXPLORE / left(looked.by_chance)
    return np.clip(chances, 0, 1).astype(np.float32)

"""Which texts a training step sees: how often each, in which order, and in how large a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Rows

ALIKE = 8  # batches drawn together to be sorted by length: more saved little
PIECE_TOKENS = 512  # padded tokens in one forward and backward: a cancel waits for one piece; 1,024 took longer too


def sampling_weights(Y: NDArray[np.generic], weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """How often to show each text (N,), for targets (N, C): as `weights` says (1 each), unless the labels are skewed.

    Where the most frequent kind has over three times the texts of the rarest, a text counts by the inverse square root
    of its rarest label's count as well; the sum stays that of `weights`. "No label" is a kind too, so that a
    multi-label encoder does not learn to say never.
    """
    given = np.ones(len(Y)) if weights is None else np.asarray(weights, np.float64)
    soft = Y.astype(np.float64)
    kinds = np.column_stack([soft, np.maximum(1 - soft.sum(1), 0)])  # (N, C + 1)
    counts = given @ kinds
    present = counts > 1e-6
    if counts.max() <= 3 * counts[present].min():
        return given
    by_kind = np.where(present, 1 / np.sqrt(np.maximum(counts, 1)), 0.0)
    shown: NDArray[np.float64] = given * (kinds * by_kind).max(1)
    shown *= given.sum() / shown.sum()
    return shown


def epoch_order(weights: NDArray[np.float64], rng: np.random.Generator) -> Rows:
    """Positions in random order, each the whole part of its weight times, and once more by the odds of the rest."""
    copies = np.floor(weights + rng.random(len(weights))).astype(np.int64)
    order: Rows = rng.permutation(np.repeat(np.arange(len(weights)), copies)).astype(np.int64)
    return order


def endless_batches(
    weights: NDArray[np.float64], *, size: int, seed: int, lengths: Sequence[int] | None = None
) -> Iterator[Rows]:
    """Batches without end; an epoch's rest runs on into the next, so that every batch is full.

    With `lengths` (N,) the texts of a batch are of like length: ALIKE batches are drawn at a time, sorted, cut, and
    come in random order. Random batches of 16 questions were padded to 1.7 times their tokens.
    """
    rng = np.random.default_rng(seed)
    waiting = np.empty(0, np.int64)
    # Not more than half an epoch: a text shown several times would meet itself in a batch.
    group = size * max(1, min(ALIKE, int(weights.sum() / 2) // size)) if lengths is not None else size
    while True:
        while len(waiting) < group:
            waiting = np.concatenate([waiting, epoch_order(weights, rng)])
        drawn, waiting = waiting[:group], waiting[group:]
        if lengths is not None:
            drawn = drawn[np.argsort([lengths[row] for row in drawn], kind="stable")]
        batches = drawn.reshape(-1, size)
        yield from batches[rng.permutation(len(batches))] if len(batches) > 1 else batches


def pieces(rows: Rows, lengths: Sequence[int], *, tokens: int = PIECE_TOKENS) -> Iterator[Rows]:
    """One batch in pieces of like length, longest first, each of at most so many padded tokens (or one text).

    Gradients add up over the pieces, so the step is the same; less padding is computed, and the caller can be told
    between two of them.
    """
    by_length = rows[np.argsort([-lengths[row] for row in rows], kind="stable")]
    while len(by_length):
        take = max(1, tokens // max(1, lengths[by_length[0]]))
        yield by_length[:take]
        by_length = by_length[take:]

"""Which labelled texts a head is fitted on when there are more than there is time for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labeller.learning.bridges.pool import Labelled
from modelsvc.types import Rows

FITTED_TEXTS = 20_000  # labelled texts beyond which a head is fitted on a sample of this size


def sample(labels: Labelled, *, size: int, seed: int) -> Rows:
    """Rows (m,), ascending, of the n labelled texts; all of them while n <= `size`.

    Beyond that every audit text, for they calibrate and score; the newest texts up to half the size; and the rest at
    random in turn over the labels, so that a rare label keeps all it has. A text with several labels counts for its
    rarest one. m is `size`, or the number of audit texts when that is more.
    """
    n = len(labels.Y)
    if n <= size:
        return np.arange(n, dtype=np.int64)
    kept = labels.is_audit.copy()
    newest = np.argsort(-labels.answered_at, kind="stable")
    kept[_first_of(newest[~kept[newest]], min(size // 2, size - int(kept.sum())))] = True
    left = np.flatnonzero(~kept)
    kept[_first_of(_in_turn(labels.Y[left], left, seed=seed), size - int(kept.sum()))] = True
    return np.flatnonzero(kept).astype(np.int64)


def _first_of(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return rows[: max(0, count)]


def _in_turn(Y: NDArray[np.uint8], rows: NDArray[np.int64], *, seed: int) -> NDArray[np.int64]:
    """`rows` (k,) with targets Y (k, C) in an order that takes one of each label, then a second of each, and so on."""
    counts = Y.sum(axis=0, dtype=np.int64)
    rarest = np.where(Y > 0, counts, len(Y) + 1).argmin(axis=1)
    stratum = np.where(Y.any(axis=1), rarest, Y.shape[1])
    order = np.lexsort((np.random.default_rng(seed).random(len(Y)), stratum))
    sizes = np.bincount(stratum[order], minlength=Y.shape[1] + 1)
    place = np.arange(len(Y)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # of each within its label
    in_turn: NDArray[np.int64] = rows[order[np.argsort(place, kind="stable")]]
    return in_turn

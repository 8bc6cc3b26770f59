"""Two kinds of texts in one order, the one kind every so many turns."""

from __future__ import annotations

import numpy as np

from modelsvc.types import Rows


def places(size: int, count: int, *, first: int, every: int) -> Rows:
    """Which `count` of `size` places the one kind takes, ascending: one of `every`, from `first` on, and the last ones
    where these do not suffice.

    places(10, 3, first=1, every=2) = 1, 3, 5
    """
    taken = np.arange(first, size, every, dtype=np.int64)[:count]
    free = np.setdiff1d(np.arange(size), taken)
    return np.sort(np.concatenate([taken, free[len(free) - (count - len(taken)) :]])).astype(np.int64)

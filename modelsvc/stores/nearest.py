"""Which rows lie nearest to which, exactly: all cosines, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Embeddings, Look, unwatched

BLOCK = 1024  # rows whose cosines to all others are in memory at once


def nearest_others(
    X: Embeddings, k: int, *, look: Look = unwatched
) -> Iterator[tuple[slice, NDArray[np.int64], NDArray[np.float32]]]:
    """Of X (N, D), unit rows, in parts of B rows: which rows they are, the k < N others nearest to each (B, k), in no
    order, and their cosines (B, k). `look` is called before each part and may raise to stop."""
    for start in range(0, len(X), BLOCK):
        look()
        cosine = X[start : start + BLOCK] @ X.T
        here = np.arange(len(cosine))
        cosine[here, start + here] = -2  # not itself
        near = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
        yield slice(start, start + len(cosine)), near, np.take_along_axis(cosine, near, axis=1)

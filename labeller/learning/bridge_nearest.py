"""Texts of like meaning, for the pages that look for them. Numpy and memory maps alone: a web process may call this,
and loads it only then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from labeller.learning.bridge_pool import reader_of
from labeller.projects.models import Project
from modelsvc.neighbours import mean_of, nearest
from modelsvc.store import EmbeddingStore


def nearest_to(project: Project, like: Sequence[int]) -> Iterator[tuple[list[int], list[float]]] | None:
    """The texts most like the mean of these, nearest first, in growing parts: ids and cosines. By the encoder that
    serves the project now. None where no text of `like` has been read yet."""
    folder = reader_of(project).store_folder
    if not folder.is_dir():
        return None
    shards = list(EmbeddingStore(folder).shards())
    query = mean_of(shards, np.asarray(like, np.int64))
    if query is None:
        return None
    ids, similarity = nearest(shards, query)
    others = ~np.isin(ids, np.asarray(like, np.int64))
    return _parts(ids[others], similarity[others])


def _parts(ids: np.ndarray, similarity: np.ndarray) -> Iterator[tuple[list[int], list[float]]]:
    start, size = 0, 2_000
    while start < len(ids):
        yield ids[start : start + size].tolist(), similarity[start : start + size].tolist()
        start, size = start + size, 8 * size

"""Texts of like meaning, for the pages that look for them. Numpy and memory maps alone: a web process may call this,
and loads it only then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from labeller.learning.bridges.pool import reader_of
from labeller.projects.models import Project
from modelsvc.stores.neighbours import Similarities, cosines, highest, mean_of
from modelsvc.stores.store import EmbeddingStore, Ids


@dataclass(frozen=True)
class Nearness:
    """How alike each text that has been read is to what was looked for."""

    ids: Ids  # (N,)
    similarity: Similarities  # (N,)

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, count: int) -> dict[int, float]:
        """The nearest, nearest first: {id: cosine}."""
        places = highest(self.similarity, count)
        return dict(zip(self.ids[places].tolist(), self.similarity[places].tolist(), strict=True))

    def among(self, ids: Collection[int]) -> Nearness:
        """Of these texts alone."""
        kept = np.isin(self.ids, np.fromiter(ids, np.int64, len(ids)))
        return Nearness(self.ids[kept], self.similarity[kept])


def nearness_to(project: Project, like: Sequence[int]) -> Nearness | None:
    """To the mean of these texts, of all others, by the encoder that serves the project now. None where no text of
    `like` has been read yet."""
    folder = reader_of(project).store_folder
    if not folder.is_dir():
        return None
    wanted, shards = np.asarray(like, np.int64), list(EmbeddingStore(folder).shards())
    query = mean_of(shards, wanted)
    if query is None:
        return None
    ids, similarity = cosines(shards, query)
    others = ~np.isin(ids, wanted)
    return Nearness(ids[others], similarity[others])

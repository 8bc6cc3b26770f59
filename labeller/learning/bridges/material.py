"""What one refit works on: the pool as its encoder reads it, and the labels of this moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from labeller.annotation.in_hand import texts_in_hand
from labeller.learning.bridges.names import prototypes_of
from labeller.learning.bridges.pool import Labelled, PoolArrays, Reader
from labeller.learning.bridges.sample import FITTED_TEXTS, sample
from labeller.learning.bridges.words import beside, views_of
from labeller.projects.models import Project
from modelsvc.heads.prototypes import Prototypes
from modelsvc.types import Embeddings, Rows, Views


@dataclass(frozen=True)
class Refit:
    """One refit's material: the pool, and its labelled rows."""

    project: Project
    reader: Reader
    pool: PoolArrays  # N texts
    labels: Labelled  # the n labelled texts that have an embedding
    rows: Rows  # (n,) of the labelled texts in the pool
    started: float

    @property
    def seed(self) -> int:
        return self.project.seed + len(self.rows)

    @cached_property
    def is_learnt(self) -> NDArray[np.bool_]:
        """(N,) which texts of the pool the head has learnt from."""
        learnt = np.zeros(len(self.pool.ids), bool)
        learnt[self.rows] = True
        return learnt

    @cached_property
    def fitted(self) -> Rows:
        """(m,) which of the n labelled texts the head is fitted on and scored with."""
        return sample(self.labels, size=FITTED_TEXTS, seed=self.project.seed)

    @cached_property
    def in_hand(self) -> Rows:
        """(P,) texts of the pool that somebody has before them and nobody has labelled. One query."""
        rows, _ = self.pool.rows_of(np.array(texts_in_hand(self.project, timezone.now()), np.int64))
        return rows[~self.is_learnt[rows]]

    @cached_property
    def names(self) -> Prototypes | None:
        """The labels' names, where they teach. One query."""
        return prototypes_of(self.project, self.pool, self.labels.label_ids)

    @property
    def X(self) -> Embeddings:
        return self.pool.X[self.rows]

    @cached_property
    def views(self) -> Views:
        """The whole pool as the head sees it. (N)"""
        return views_of(self.project, self.pool)

    @cached_property
    def others(self) -> Views:
        """Texts whose labels are not asked: with one label a text they have a share in the head, with several they tell
        how often each label is to be expected."""
        return beside(self.views, self.rows, seed=self.project.seed)

"""A project's encoder as it came, beside a tuned one that serves: what it has read, and what of it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings

from labeller.learning import artifacts
from labeller.learning.bridges.embed import embed_into
from labeller.learning.bridges.names import unread_names, write_names
from labeller.learning.bridges.pool import Ids, PoolArrays, pool_arrays, pretrained_folder
from labeller.projects.models import Project
from modelsvc.encoding.encoder import Encoder
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Embeddings, Look, OnProgress, Progress, unwatched


def frozen_pool(project: Project, wanted: Ids, look: Look = unwatched) -> PoolArrays:
    """The pool as the project's encoder read it before any tuning. What it has not read yet it reads now: of the texts
    `wanted` those that were imported when a tuned one served already, and the names of labels that came since, so that
    both encoders know as much. `look` is called all along and may raise to stop; what was read by then stays."""
    folder = artifacts.embeddings_folder(project.pk, project.encoder)
    missing, names = EmbeddingStore(folder).missing(wanted), unread_names(project, folder)
    if len(missing) or names:
        encoder = Encoder.load(pretrained_folder(project.encoder), threads=settings.TRAINING_THREADS)
        store = EmbeddingStore(folder, sha256=encoder.sha256, width=encoder.width)
        if names:
            write_names(folder, names, encoder.encode(names, on_progress=lambda _: look()))
        for _ in embed_into(store, encoder, missing, lambda *_: look()):
            pass
    return pool_arrays(folder)


@dataclass(frozen=True)
class AsItCame:
    """What an encoder that nothing has tuned says of texts, as a recipe asks. Those of documents are taken from its
    store, and what that lacks is read into it; others, such as labels' names, are read each time."""

    encoder: Path
    store: Path
    documents: dict[str, int]  # text -> id
    threads: int

    @classmethod
    def of(cls, encoder: Path, store: Path, read: Sequence[tuple[Ids, list[str]]], threads: int) -> AsItCame:
        """`read`: documents (n,) and their texts."""
        known = {text: id_ for ids, texts in read for text, id_ in zip(texts, ids.tolist(), strict=True)}
        return cls(encoder, store, known, threads)

    def __call__(self, texts: Sequence[str], on_progress: OnProgress) -> Embeddings:
        """(n, D) of these n texts. Raises modelsvc's EncoderError and StoreError."""
        ids = np.array([self.documents.get(text, -1) for text in texts], np.int64)
        stored = ids >= 0
        if not stored.any():
            return self._load().encode(texts, on_progress=on_progress)
        found, X = EmbeddingStore(self.store).of(ids[stored])
        if not found.all():
            self._read(np.unique(ids[stored][~found]), on_progress)
            found, X = EmbeddingStore(self.store).of(ids[stored])
        if stored.all():
            return X
        every = np.empty((len(texts), X.shape[1]), np.float32)
        every[stored] = X
        others = [text for text, is_stored in zip(texts, stored, strict=True) if not is_stored]
        every[~stored] = self._load().encode(others, on_progress=on_progress)
        return every

    def _read(self, ids: Ids, on_progress: OnProgress) -> None:
        encoder = self._load()
        store = EmbeddingStore(self.store, sha256=encoder.sha256, width=encoder.width)
        for _ in embed_into(store, encoder, ids, lambda stage, done, _left: on_progress(Progress(stage, done))):
            pass

    def _load(self) -> Encoder:
        return Encoder.load(self.encoder, threads=self.threads)

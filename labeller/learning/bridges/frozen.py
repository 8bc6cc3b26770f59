"""A project's encoder as it came, beside a tuned one that serves: what it has read, and what of it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from labeller.learning import artifacts
from labeller.learning.bridges.embed import embed_into
from labeller.learning.bridges.names import unread_names, write_names
from labeller.learning.bridges.pool import Ids, PoolArrays, pool_arrays, pretrained_folder
from labeller.projects.models import Project
from modelsvc.encoding.encoder import Encoder
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Embeddings, Look, OnProgress, unwatched


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


class AsItCame:
    """What an encoder that nothing has tuned says of texts, as a recipe asks: as its store has them, else read now. In
    the half precision of a store either way, so that it does not matter which."""

    def __init__(self, encoder: Path, store: Path, texts: dict[int, str], threads: int) -> None:
        """`texts`: of documents, by id, that may be in `store`, if that encoder has written it."""
        self.folder, self.store, self.threads = encoder, store, threads
        self.documents = {text: id_ for id_, text in texts.items()}

    def __call__(self, texts: Sequence[str], on_progress: OnProgress) -> Embeddings:
        """(n, D) of these n texts; those that no document has, such as labels' names, are read. Raises EncoderError."""
        known, X = self._stored(texts)
        unread = [text for text, is_known in zip(texts, known, strict=True) if not is_known]
        if unread:
            X[~known] = self.encoder.encode(unread, on_progress=on_progress).astype(np.float16)
        return X

    def _stored(self, texts: Sequence[str]) -> tuple[NDArray[np.bool_], Embeddings]:
        """Which of n texts are in the store (n,), and these (n, D)."""
        if self.store.is_dir() and (store := EmbeddingStore(self.store)).sha256 == self.encoder.sha256:
            return store.of(np.array([self.documents.get(text, -1) for text in texts], np.int64))
        return np.zeros(len(texts), np.bool_), np.empty((len(texts), self.encoder.width), np.float32)

    @cached_property
    def encoder(self) -> Encoder:
        return Encoder.load(self.folder, threads=self.threads)

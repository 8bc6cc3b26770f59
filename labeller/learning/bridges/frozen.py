"""A project's encoder as it came, beside a tuned one that serves: what it has read, and what of it is missing."""

from __future__ import annotations

from django.conf import settings

from labeller.learning import artifacts
from labeller.learning.bridges.embed import embed_into
from labeller.learning.bridges.names import unread_names, write_names
from labeller.learning.bridges.pool import Ids, PoolArrays, pool_arrays, pretrained_folder
from labeller.projects.models import Project
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Look, unwatched


def frozen_pool(project: Project, wanted: Ids, look: Look = unwatched) -> PoolArrays:
    """The pool as the project's encoder read it before any tuning. What it has not read yet it reads now: of the texts
    `wanted` those that were imported when a tuned one served already, and the names of labels that came since, so that
    both encoders know as much. `look` is called all along and may raise to stop; what was read by then stays."""
    folder = artifacts.embeddings_folder(project.pk, project.encoder)
    missing, names = EmbeddingStore(folder).missing(wanted), unread_names(project, folder)
    if len(missing) or names:
        from modelsvc.encoding.encoder import Encoder

        encoder = Encoder.load(pretrained_folder(project.encoder), threads=settings.TRAINING_THREADS)
        store = EmbeddingStore(folder, sha256=encoder.sha256, width=encoder.width)
        if names:
            write_names(folder, names, encoder.encode(names, on_progress=lambda _: look()))
        for _ in embed_into(store, encoder, missing, lambda *_: look()):
            pass
    return pool_arrays(folder)

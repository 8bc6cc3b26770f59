"""Reading the pool: texts -> embeddings on disk, resumable by the shard, the first texts first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from labeller.corpus.models import Document
from labeller.corpus.testset import TestText
from labeller.learning import services
from labeller.learning.bridges.names import unread_names, write_names
from labeller.learning.bridges.order import in_order
from labeller.learning.bridges.pool import Ids, Reader, next_reader_of
from labeller.learning.models import LoopState, ModelExport, ModelVersion, TrainingRun
from labeller.learning.runs import Heartbeat
from labeller.projects.conditions import of_project
from labeller.projects.models import Project
from modelsvc.encoding.encoder import Encoder
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import OnProgress, Progress

FIRST_TEXTS = 500  # a few seconds' work: cold start need not wait for the whole pool
CHUNK = 2000  # texts a shard: what a killed worker loses at most

Tell = Callable[[str, float, float | None], None]
Check = Callable[[], None]


def _nothing() -> None:
    """No check: nobody else writes to this store."""


def embed_texts(run: TrainingRun, beat: Heartbeat) -> None:
    """Embed what is missing with the encoder that serves the project, or is to serve it next; order the queue after
    the first texts already. Gives way to other work of its cluster, for a large pool takes hours, and goes on after."""
    reader = next_reader_of(run.project)
    ids = missing(run.project_id, EmbeddingStore(reader.store_folder))
    beat.tell("loading the encoder", 0.0)
    names, done = unread_names(run.project, reader.store_folder), 0
    if len(ids) or names:
        encoder = Encoder.load(reader.encoder_folder(), threads=settings.TRAINING_THREADS)
        store = EmbeddingStore(reader.store_folder, sha256=encoder.sha256, width=encoder.width)
        if names:
            X = encoder.encode(names, on_progress=lambda told: beat.tell(f"reading {told.stage}", 0.0))
            write_names(store.folder, names, X)
        look_at = FIRST_TEXTS
        for done in embed_into(store, encoder, ids, beat.tell, check=beat.check):
            beat.progressed()
            if done >= min(look_at, len(ids)):
                services.request_refresh(project_id=run.project_id)
                look_at = 2 * done
            if others_wait() or not _reads_still(reader, run.project_id):
                break
    with transaction.atomic():
        beat.finish(stage="", log=[{"texts": done}])
        if done == len(ids):
            # The new encoder has read the pool and serves from now on, unless another was chosen meanwhile.
            loop = LoopState.objects.filter(of_project(encoder=reader.encoder), project=run.project_id)
            loop.exclude(reading="").update(reading="")
            _let_serve(reader, run.project_id)
        services.request_refresh(project_id=run.project_id)
    project = Project.objects.get(pk=run.project_id)
    returns = LoopState.objects.filter(project=project, returning__isnull=False).exists()
    if returns or len(missing(project.pk, EmbeddingStore(next_reader_of(project).store_folder))):
        services.start_embedding(project=project)  # it gave way, texts were imported, or a model changed meanwhile


def _let_serve(reader: Reader, project_id: int) -> None:
    """An earlier version that was to serve again has read the pool, and does."""
    base = reader.base
    if base and LoopState.objects.filter(project=project_id, returning=base).update(serving=base, returning=None):
        ModelVersion.objects.filter(pk=base.pk, promoted_at=None).update(promoted_at=timezone.now())


def others_wait() -> bool:
    """Whether the training cluster, whose workers take one thing at a time, has something quicker to do than to read
    a pool: a full run, a comparison, an export, of any project."""
    runs = TrainingRun.objects.filter(state=TrainingRun.State.QUEUED).exclude(kind=TrainingRun.Kind.EMBED)
    return runs.exists() or ModelExport.objects.filter(state=ModelExport.State.QUEUED).exists()


def _reads_still(reader: Reader, project_id: int) -> bool:
    """Whether the project has not been given another encoder meanwhile."""
    project = Project.objects.filter(pk=project_id).first()
    return project is not None and next_reader_of(project) == reader


def embed_into(
    store: EmbeddingStore,
    encoder: Encoder,
    ids: Ids,
    tell: Tell,
    *,
    check: Check = _nothing,
    source: type[Document | TestText] = Document,
) -> Iterator[int]:
    """Embed the texts of `ids` (rows of `source`) in this order, shard by shard; yields how many are done after each.

    `tell` gets stage, 0..1 and seconds left, `check` is called before each write; what they raise leaves the shards
    written so far in place.
    """
    started, total, done = time.perf_counter(), len(ids), 0
    while done < total:
        part = ids[done : done + (FIRST_TEXTS if done == 0 else CHUNK)]
        rows = list(source._default_manager.filter(pk__in=part.tolist()).values_list("id", "text"))
        vectors = encoder.encode(
            [text for _, text in rows], on_progress=_share_of(done, len(part), total, started, tell)
        )
        if rows:
            check()
            store.append(np.array([row[0] for row in rows], np.int64), vectors)
        done += len(part)
        yield done


def _share_of(done: int, part: int, total: int, started: float, tell: Tell) -> OnProgress:
    """This part's progress as progress of the whole."""

    def on_progress(progress: Progress) -> None:
        read = done + progress.done * part
        seconds = time.perf_counter() - started
        tell(f"{round(read):,} of {total:,} texts", read / total, seconds / max(read, 1) * (total - read))

    return on_progress


def missing(project_id: int, store: EmbeddingStore) -> Ids:
    """Ids without an embedding, in the order in which they are wanted."""
    return store.missing(in_order(project_id))

"""The run that reads the test file and measures on it every model that was not measured yet."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import transaction

from labeller.corpus.testset import TestSet, TestText, set_in_force
from labeller.learning import artifacts, services
from labeller.learning.bridges.embed import embed_into
from labeller.learning.bridges.export import encoder_folder
from labeller.learning.bridges.pool import UnknownEncoder, reader_of
from labeller.learning.bridges.testscore import TestTexts, answer, keep, read_before
from labeller.learning.bridges.versions import load_head
from labeller.learning.models import ModelVersion, TrainingRun
from labeller.learning.reasons import reason_of
from labeller.learning.runs import Heartbeat
from labeller.learning.selectors import unscored
from labeller.projects.models import Project
from modelsvc.encoding.encoder import Encoder, EncoderError
from modelsvc.heads.quick import QuickModelError
from modelsvc.stores.store import EmbeddingStore, StoreError
from modelsvc.types import Embeddings

Share = Callable[[str, float], None]  # what it does, and 0..1 of this encoder's part


class EncoderChanged(Exception):
    """The encoder that a model reads by is not there any more as it was."""


UNREADABLE = (OSError, EncoderError, EncoderChanged, UnknownEncoder, StoreError, QuickModelError)


@dataclass(frozen=True)
class _Batch:
    """Versions that read texts by the same encoder, none of which was measured on this set."""

    test_set: TestSet
    reader: str
    sha256: str  # of the encoder
    versions: list[ModelVersion]  # newest first


def score_on_test_set(run: TrainingRun, beat: Heartbeat) -> None:
    """Encoder by encoder, the newest version's first. What comes meanwhile, a version or another set, has its turn
    too. A model whose files cannot be read is told and passed over."""
    project, tried, troubles, done = run.project, set[tuple[int, int]](), list[str](), 0
    while (batch := _next(project, tried)) is not None:
        ahead = unscored(project, batch.test_set).count()

        def share(what: str, part: float, so_far: int = done, of: int = done + ahead, here: _Batch = batch) -> None:
            beat.tell(what, (so_far + part * len(here.versions)) / of)

        tried |= {(batch.test_set.pk, version.pk) for version in batch.versions}
        measured, trouble = _measure(project, batch, beat, share)
        done += measured
        troubles += trouble
        beat.progressed()
        artifacts.forget_test_set(project.pk, batch.test_set.pk, but=reader_of(project).key)
    with transaction.atomic():
        beat.finish(stage="", log=[{"versions": done}], reason=" ".join(troubles))
    if _next(project, tried) is not None:  # it came while this run ended
        services.start_test(project=project)


def _next(project: Project, tried: set[tuple[int, int]]) -> _Batch | None:
    """The newest version that waits, with all that read by its encoder. Two queries."""
    test_set = set_in_force(project)
    if test_set is None:
        return None
    rows = unscored(project, test_set).select_related("project", "base").defer("metrics", "base__metrics")
    waiting = [version for version in rows if (test_set.pk, version.pk) not in tried]
    if not waiting:
        return None
    first = (_reader(waiting[0]), waiting[0].encoder_sha256)
    return _Batch(test_set, *first, [one for one in waiting if (_reader(one), one.encoder_sha256) == first])


def _reader(version: ModelVersion) -> str:
    """The key of the encoder by which its head reads."""
    if version.kind == ModelVersion.Kind.FULL:
        return str(version.number)
    return str(version.base.number) if version.base else version.encoder


def _measure(project: Project, batch: _Batch, beat: Heartbeat, share: Share) -> tuple[int, list[str]]:
    """(Versions measured, why the others were not). Raises Superseded, CancelRequested."""
    texts = TestTexts.of(batch.test_set)
    try:
        X = _read(project, batch, texts, share)
    except UNREADABLE as error:
        return 0, [f"{version} was not measured: {reason_of(error)}" for version in batch.versions]
    measured, troubles = 0, []
    for at, version in enumerate(batch.versions):
        share(f"measuring model {version.number}", 0.9 + 0.1 * at / len(batch.versions))
        try:
            answered = answer(load_head(version), version.label_ids, texts, X, seed=version.seed)
        except UNREADABLE as error:
            troubles.append(f"{version} was not measured: {reason_of(error)}")
            continue
        with transaction.atomic():
            beat.check()
            if keep(version, answered) is None:
                break  # the set has been replaced
        measured += 1
    return measured, troubles


def _read(project: Project, batch: _Batch, texts: TestTexts, share: Share) -> Embeddings:
    """(m, D) by the batch's encoder; what it has read before is not read again. Raises one of UNREADABLE."""
    folder = artifacts.test_embeddings_folder(project.pk, batch.test_set.pk, batch.reader)
    if folder.is_dir() and EmbeddingStore(folder).sha256 != batch.sha256:
        shutil.rmtree(folder)
    X = read_before(texts, project.pk, batch.reader)
    if X is not None:
        return X
    share("loading the encoder", 0.0)
    encoder = Encoder.load(encoder_folder(batch.versions[0]), threads=settings.TRAINING_THREADS)
    if encoder.sha256 != batch.sha256:
        raise EncoderChanged(f"The language model {batch.reader} is another one now than when it was made.")
    store = EmbeddingStore(folder, sha256=encoder.sha256, width=encoder.width)

    def tell(what: str, done: float, _: float | None) -> None:
        share(f"reading the test file: {what}", 0.9 * done)

    for _ in embed_into(store, encoder, store.missing(texts.ids), tell, source=TestText):
        pass
    X = read_before(texts, project.pk, batch.reader)
    return X if X is not None else np.empty((0, encoder.width), np.float32)

"""A large pool after a full run: first what the next hour needs, then the rest, giving way to other work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from labeller.annotation.models import Annotation, QueueEntry, Ranking, Source
from labeller.corpus.models import Document
from labeller.learning import runs, services, tasks
from labeller.learning.bridges import embed as bridge_embed
from labeller.learning.bridges import full as bridge_full
from labeller.learning.bridges import order as bridge_order
from labeller.learning.bridges import pool as bridge_pool
from labeller.learning.bridges.full import _snapshot, unlabelled
from labeller.learning.bridges.reproduce import _record
from labeller.learning.bridges.stages import Stages, read_pool
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.projects.models import Project, User
from modelsvc.full_run.recipe import Stage
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import OnProgress, silent
from tests.cast import add_texts, make_project
from tests.learning.scene import Fake, annotate, fill, refit

pytestmark = pytest.mark.django_db

OTHERS = [f"Text number {at} of the rest of a large pool." for at in range(60)]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake()
    monkeypatch.setattr(bridge_embed.Encoder, "load", lambda *_, **__: made)
    monkeypatch.setattr(bridge_embed, "FIRST_TEXTS", 10)
    monkeypatch.setattr(bridge_embed, "CHUNK", 10)
    monkeypatch.setattr(bridge_order, "READ_WHOLE", 50)
    monkeypatch.setattr(bridge_order, "AUDIT_NEXT", 4)
    return made


@pytest.fixture
def labelled(project: Project, bob: User, fake: Fake) -> Project:
    """Ninety texts, all read; twenty-four answers, of which twelve are audit texts; a queue."""
    documents = fill(project)
    add_texts(project, OTHERS)
    everything = list(project.documents.order_by("id"))
    store = EmbeddingStore(bridge_pool.reader_of(project).store_folder, sha256="e" * 64)
    store.append(np.array([document.pk for document in everything]), fake.encode([d.text for d in everything]))
    for at, document in enumerate(documents[:24]):
        annotate(document, bob, source=Source.AUDIT if at % 2 else Source.ACTIVE)
    refit(project)
    TrainingRun.objects.all().delete()
    fake.asked.clear()
    return project


def test_what_people_answered_is_read_before_the_rest(project: Project, bob: User) -> None:
    documents = fill(project)
    annotate(documents[7], bob)
    annotate(documents[20], bob, source=Source.SEARCH)
    annotate(documents[3], bob, source=Source.IMPORT)
    order = bridge_order.in_order(project.pk).tolist()
    assert order[:2] == [documents[20].pk, documents[7].pk]
    assert sorted(order) == sorted(document.pk for document in documents)
    assert bridge_order.in_order(4711).tolist() == []


def first_of(project: Project, candidates: Sequence[int]) -> list[int]:
    labels = bridge_pool.labelled(project)
    queue = bridge_order.asked_next(project.pk)
    moment = bridge_order.Moment(frozenset(labels.annotation_ids), *bridge_pool.draws(project.pk), queue)
    return bridge_order.read_first(project, labels.document_ids, np.array(candidates, np.int64), moment).tolist()


def test_of_a_large_pool_labels_queue_audit_and_candidates_come_first(labelled: Project) -> None:
    QueueEntry.objects.filter(project=labelled, rank__gte=3).delete()
    candidates = [document.pk for document in labelled.documents.order_by("-id")[:5]]
    order = first_of(labelled, candidates)
    assert len(order) == len(set(order)) and len(order) < 50 < labelled.documents.count()
    labels = Annotation.objects.values_list("document_id", flat=True)
    assert sorted(order[:24]) == sorted(labels)
    queue = sorted(QueueEntry.objects.values_list("document_id", flat=True))
    assert len(queue) == 6
    assert order[24:30] == [pk for pk in dict.fromkeys(queue) if pk not in order[:24]]
    reserve = bridge_pool.reserve(labelled)
    draw = dict(labelled.documents.values_list("id", "draw"))
    next_audit = sorted((pk for pk in reserve.tolist() if pk not in order[:24]), key=lambda pk: draw[pk])
    assert set(next_audit[:4]) <= set(order) and set(candidates) <= set(order)


def test_a_small_pool_is_read_whole(labelled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_order, "READ_WHOLE", 90)
    assert sorted(first_of(labelled, [])) == sorted(labelled.documents.values_list("id", flat=True))


def test_of_a_pool_of_long_texts_less_is_read_first(labelled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_order, "READ_WHOLE", 12_000)
    ids, draw = bridge_pool.draws(labelled.pk)
    assert bridge_order.soon_read(ids, draw) == 12_000
    Document.objects.filter(project=labelled).update(text="We may change these terms. " * 100)
    assert bridge_order.soon_read(ids, draw) == 666
    monkeypatch.setattr(bridge_order, "READ_WHOLE_CHARACTERS", 2_700 * 60)
    QueueEntry.objects.filter(project=labelled, rank__gte=3).delete()
    assert len(first_of(labelled, [])) < 60 < len(ids)


def test_of_long_texts_fewer_teach_without_a_label(labelled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = _snapshot(services.start_full(project=labelled, enqueue=False))
    monkeypatch.setattr(bridge_full, "LEAST_CANDIDATES", 5)
    monkeypatch.setattr(bridge_order, "READ_WHOLE", 12_000)
    before = len(unlabelled(labelled, snapshot, {}))
    monkeypatch.setattr(bridge_order, "READ_WHOLE_CHARACTERS", 400)
    assert 5 <= len(unlabelled(labelled, snapshot, {})) < 20 < before


def stage_of(project: Project, fake: Fake, candidates: Sequence[int]) -> tuple[TrainingRun, NDArray[np.float32] | None]:
    """One stage of a full run, by an encoder that is as good as the one before."""
    run = services.start_full(project=project, enqueue=False)
    token = runs.claim(run)
    assert token
    with runs.Heartbeat(run, token) as beat:
        stages = Stages(run, beat, _snapshot(run), np.array(candidates, np.int64))
        read = stages(Stage("labels", fake, 1.0, "for a test"))  # type: ignore[arg-type]
        beat.finish(stage="")
    return run, read


def test_a_stage_serves_before_the_whole_pool_is_read_and_the_rest_follows(
    labelled: Project, bob: User, fake: Fake
) -> None:
    candidates = [document.pk for document in labelled.documents.order_by("-id")[:5]]
    QueueEntry.objects.filter(project=labelled, rank__gte=3).delete()
    _, read = stage_of(labelled, fake, candidates)
    assert read is not None and read.shape == (5, 8), "the next stage need not read its texts again"
    version = LoopState.objects.get(project=labelled).serving
    assert version is not None and version == ModelVersion.objects.get(kind="full")
    read_first = len(fake.asked)
    assert 24 < read_first < 50
    # a text that nobody had thought of is answered while the rest waits
    late = labelled.documents.exclude(text__in=fake.asked).exclude(pk__in=bridge_pool.reserve(labelled)).first()
    assert late
    annotate(late, bob, ["Other"])
    refit(labelled)
    ranking = Ranking.objects.get(project=labelled)
    assert f"fine-tuned model {version.number}" in ranking.model_name
    assert (ranking.pool_size, ranking.labels_seen) == (read_first, 24)
    assert QueueEntry.objects.filter(project=labelled).exists()
    # the rest is under way already; it begins with that text
    embed = TrainingRun.objects.get(kind="embed")
    tasks.embed(embed.pk)
    assert fake.asked[read_first] == late.text
    assert sorted(fake.asked) == sorted(labelled.documents.values_list("text", flat=True)), "each text once"
    refit(labelled)
    ranking.refresh_from_db()
    assert (ranking.pool_size, ranking.labels_seen) == (90, 25)
    assert not TrainingRun.objects.filter(kind="embed", state__in=TrainingRun.UNFINISHED).exists()


def test_a_large_pool_is_read_the_same_way_again_whatever_is_asked_next_by_now(
    labelled: Project, fake: Fake, tmp_path: Path
) -> None:
    candidates = np.array([document.pk for document in labelled.documents.order_by("-id")[:5]], np.int64)
    QueueEntry.objects.filter(project=labelled, rank__gte=3).delete()
    stage_of(labelled, fake, candidates.tolist())
    asked, version = list(fake.asked), ModelVersion.objects.get(kind="full")
    stored = EmbeddingStore(bridge_pool.reader_of(labelled).store_folder).load()[0]
    unread = labelled.documents.exclude(pk__in=stored.tolist()).values_list("pk", flat=True)
    for entry, other in zip(QueueEntry.objects.order_by("pk"), unread, strict=False):
        QueueEntry.objects.filter(pk=entry.pk).update(document=other)
    fake.asked.clear()
    pool = read_pool(labelled, fake, tmp_path, _record(version), candidates)  # type: ignore[arg-type]
    assert fake.asked == asked
    assert pool.ids.tolist() == sorted(stored.tolist())


def test_reading_gives_way_to_a_full_run_and_goes_on_after(project: Project, fake: Fake) -> None:
    fill(project)
    first = services.start_embedding(project=project)
    full = TrainingRun.objects.create(project=make_project(name="Another"), kind="full", stage="Waiting for the worker")
    assert first
    tasks.embed(first.pk)
    first.refresh_from_db()
    assert (first.state, first.log, len(fake.asked)) == ("done", [{"texts": 10}], 10)
    assert LoopState.objects.get(project=project).refresh_pending
    follows = TrainingRun.objects.get(kind="embed", state="queued")
    assert follows.pk > full.pk
    TrainingRun.objects.filter(pk=full.pk).update(state="done")
    tasks.embed(follows.pk)
    assert len(fake.asked) == 30 and not TrainingRun.objects.filter(state__in=TrainingRun.UNFINISHED).exists()


def test_giving_way_does_not_put_a_half_read_encoder_into_service(project: Project, fake: Fake) -> None:
    fill(project)
    LoopState.objects.create(project=project, reading="the-one-before")
    TrainingRun.objects.create(project=project, kind="full", stage="Waiting for the worker")
    run = services.start_embedding(project=project)
    assert run
    tasks.embed(run.pk)
    assert LoopState.objects.get(project=project).reading == "the-one-before"
    TrainingRun.objects.filter(kind="full").update(state="done")
    tasks.embed(TrainingRun.objects.get(kind="embed", state="queued").pk)
    assert LoopState.objects.get(project=project).reading == ""


def test_reading_for_a_model_that_serves_no_more_stops(
    labelled: Project, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    QueueEntry.objects.filter(project=labelled, rank__gte=3).delete()
    stage_of(labelled, fake, [])
    version = LoopState.objects.get(project=labelled).serving
    before, seen = len(fake.asked), fake.encode

    def rolled_back(texts: Sequence[str], *, on_progress: OnProgress = silent) -> NDArray[np.float32]:
        LoopState.objects.filter(project=labelled).update(serving=None)
        return seen(texts)

    monkeypatch.setattr(fake, "encode", rolled_back)
    tasks.embed(TrainingRun.objects.get(kind="embed").pk)
    assert version and len(fake.asked) == before + 10
    assert not TrainingRun.objects.filter(state__in=TrainingRun.UNFINISHED).exists(), "the other has read everything"

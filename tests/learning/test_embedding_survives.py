"""Reading the texts: not beside a successor, not given up while it gets on, and not forgotten."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from labeller.corpus.models import ImportJob
from labeller.learning import recovery, runs, services
from labeller.learning.bridges.embed import embed_texts
from labeller.learning.bridges.pool import reader_of
from labeller.learning.models import TrainingRun
from labeller.projects.models import Project
from modelsvc.stores.store import EmbeddingStore
from tests.learning.scene import embed, fill

pytestmark = pytest.mark.django_db


class TakenOver(runs.Heartbeat):
    """Another process takes the run over right after a report of this one."""

    def tell(self, stage: str, done: float, seconds_left: float | None = None) -> None:
        super().tell(stage, done, seconds_left)
        TrainingRun.objects.filter(pk=self.work.pk).update(claim=uuid.uuid4())
        self._last = float("inf")  # and the next report is not due


def claimed(project: Project) -> tuple[TrainingRun, uuid.UUID]:
    run = services.start_embedding(project=project)
    assert run
    token = runs.claim(run)
    assert token
    return run, token


def test_one_that_was_taken_over_writes_no_shard(project: Project) -> None:
    fill(project)
    run, token = claimed(project)
    with pytest.raises(runs.Superseded):
        embed_texts(run, TakenOver(run, token))
    assert EmbeddingStore(reader_of(project).store_folder).count == 0


def test_a_shard_written_makes_earlier_deaths_count_no_more(project: Project) -> None:
    fill(project)
    run = services.start_embedding(project=project)
    assert run
    TrainingRun.objects.update(attempts=1)  # it died once
    token = runs.claim(run)
    assert token
    embed_texts(run, runs.Heartbeat(run, token))
    run.refresh_from_db()
    assert (run.state, run.attempts) == ("done", 1)


def imported(project: Project, state: str = "done") -> ImportJob:
    """Texts that came in, by a worker that was killed before it could tell."""
    documents = fill(project)
    return ImportJob.objects.create(
        project=project,
        file_name="texts.csv",
        size=1,
        state=state,
        added=len(documents),
        finished_at=timezone.now() if state in ("done", "failed") else None,
    )


@pytest.mark.parametrize("state", ["done", "failed"])
def test_texts_that_nobody_was_told_of_are_read(project: Project, state: str) -> None:
    imported(project, state)
    assert [recovery.recover_unread_texts() for _ in range(2)] == [1, 0]
    run = TrainingRun.objects.get()
    assert (run.kind, run.state) == ("embed", "queued")


def test_nothing_is_started_beside_an_import_nor_again_after_a_run(project: Project) -> None:
    job = imported(project, "running")
    assert recovery.recover_unread_texts() == 0
    ImportJob.objects.filter(pk=job.pk).update(state="done", finished_at=timezone.now())
    embed(project)
    assert recovery.recover_unread_texts() == 0
    TrainingRun.objects.update(state="failed")
    assert recovery.recover_unread_texts() == 0, "a person is told why; it would fail again"

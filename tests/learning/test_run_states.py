"""The states of long work: who may take it, who loses it, when it is given up."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from django_q.brokers import get_broker

from labeller import crew
from labeller.learning import artifacts, exports, pulse, recovery, runs, selectors, services
from labeller.learning.models import ModelExport, ModelVersion, TrainingRun, WorkerPulse
from labeller.learning.work import carry_out_run
from labeller.projects.models import Project, User
from tests.annotation.acts import free_and_reserved
from tests.learning.outage import Outage, Pauses, cut_the_connection
from tests.learning.scene import annotate, fill, make_run

State = TrainingRun.State
LONG_AGO = timedelta(hours=1)


def silent(project: Project, **fields: object) -> TrainingRun:
    """Running, by a process that has not been heard of for an hour."""
    defaults: dict[str, object] = {"state": "running", "attempts": 1, "claim": uuid.uuid4()}
    return make_run(project, heartbeat_at=timezone.now() - LONG_AGO, **(defaults | fields))


@pytest.fixture
def broker(transactional_db: None):
    """The training queue, empty: tests before may have left tasks in Redis, which no rollback takes back."""
    broker = get_broker("training")
    broker.purge_queue()
    yield broker
    broker.purge_queue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "attempts", "silent_for", "may_claim", "state_after"),
    [
        ("queued", 0, 0, True, "running"),
        ("queued", 1, 0, True, "running"),
        ("queued", 2, 0, False, "queued"),
        ("running", 1, 5, False, "running"),
        ("running", 1, 25, True, "running"),
        ("running", 2, 25, False, "failed"),
        ("done", 1, 25, False, "done"),
        ("failed", 2, 25, False, "failed"),
        ("cancelled", 1, 25, False, "cancelled"),
    ],
)
def test_who_may_take_a_run(
    project: Project, state: str, attempts: int, silent_for: int, may_claim: bool, state_after: str
) -> None:
    heartbeat = timezone.now() - timedelta(seconds=silent_for)
    run = make_run(project, state=state, attempts=attempts, heartbeat_at=heartbeat)
    assert (runs.claim(run) is not None) is may_claim
    run.refresh_from_db()
    assert run.state == state_after
    assert run.attempts == attempts + may_claim


@pytest.mark.django_db
def test_the_second_death_is_failed_with_the_way_out(project: Project) -> None:
    run = silent(project, attempts=2)
    assert runs.release_if_stale(run) == "failed"
    run.refresh_from_db()
    assert "died twice while fine-tuning" in run.reason and "start it again" in run.reason
    assert runs.release_if_stale(run) is None


def test_an_orderly_stop_is_no_death(project: Project, broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the server is stopped in the middle of a run, the run waits and keeps its two attempts."""
    run = make_run(project)
    monkeypatch.setenv(crew.VARIABLE, "ours")
    for _ in range(3):
        token = runs.claim(run)
        assert token is not None
        assert runs.give_back("of another `up` on this machine") == 0
        assert runs.give_back("ours") == 1
        with pytest.raises(runs.Superseded):
            runs.Heartbeat(run, token).check()
    run.refresh_from_db()
    assert (run.state, run.attempts, run.claim) == ("queued", 0, None)
    pulse.beat("training")
    assert recovery.recover_stale_runs() == 1  # no need to wait until it looks lost


@pytest.mark.django_db
def test_a_dead_run_that_was_to_be_cancelled_is_cancelled(project: Project) -> None:
    run = silent(project, cancel_requested=True)
    assert runs.claim(run) is None
    run.refresh_from_db()
    assert run.state == State.CANCELLED


@pytest.mark.django_db
def test_the_one_who_lost_a_run_can_neither_report_nor_finish(project: Project) -> None:
    run = make_run(project)
    first = runs.claim(run)
    assert first
    TrainingRun.objects.update(heartbeat_at=timezone.now() - LONG_AGO)
    second = runs.claim(run)
    assert second and second != first
    beat = runs.Heartbeat(run, first)
    with pytest.raises(runs.Superseded):
        beat.tell("still at it", 0.5)
    assert not runs.finish(run, first, "done")
    assert runs.finish(run, second, "done")
    run.refresh_from_db()
    assert (run.state, run.progress, run.claim) == (State.DONE, 1.0, None)


@pytest.mark.django_db
def test_progress_is_written_at_most_once_a_second(project: Project) -> None:
    run = make_run(project)
    token = runs.claim(run)
    assert token
    now = 100.0
    beat = runs.Heartbeat(run, token, clock=lambda: now)
    beat.tell("first", 0.1)
    now = 100.5
    beat.tell("second", 0.2)
    run.refresh_from_db()
    assert (run.stage, run.progress) == ("first", 0.1)
    now = 101.1
    beat.tell("third", 1.7, seconds_left=4)
    run.refresh_from_db()
    assert (run.stage, run.progress, run.seconds_left) == ("third", 1.0, 4)


@pytest.mark.django_db
def test_a_cancelled_run_hears_of_it_at_its_next_report(project: Project) -> None:
    run = make_run(project)
    token = runs.claim(run)
    assert token and services.cancel(run=run)
    with pytest.raises(runs.CancelRequested):
        runs.Heartbeat(run, token).tell("working", 0.2)


@pytest.mark.django_db
def test_a_waiting_run_is_cancelled_at_once_and_a_finished_one_not_at_all(project: Project) -> None:
    run = make_run(project)
    assert services.cancel(run=run)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert not services.cancel(run=run)


@pytest.mark.django_db
def test_one_unfinished_run_of_a_kind_the_database_says(project: Project) -> None:
    make_run(project)
    make_run(project, kind="embed")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_run(project, state="running")


@pytest.mark.django_db
def test_a_second_full_run_is_refused_in_words(project: Project, bob: User) -> None:
    free, _ = free_and_reserved(fill(project))
    annotate(free[0], bob, ["Change"])
    with pytest.raises(services.RunRefused, match="at least two kinds besides the audit texts; so far there is 1"):
        services.start_full(project=project)
    annotate(free[1], bob, ["Court"])
    services.start_full(project=project)
    with pytest.raises(services.RunRefused, match="under way already"):
        services.start_full(project=project)
    assert services.start_embedding(project=project) is not None
    assert services.start_embedding(project=project) is None


def test_a_dead_run_is_enqueued_once_however_many_look(project: Project, broker) -> None:
    silent(project)
    assert [recovery.recover_stale_runs() for _ in range(3)] == [1, 0, 0]
    assert broker.queue_size() == 1


def test_a_run_whose_task_was_lost_is_enqueued_again(project: Project, broker) -> None:
    run = make_run(project, heartbeat_at=timezone.now() - LONG_AGO)
    assert recovery.recover_stale_runs() == 0, "without a worker there is nobody to give it to"
    pulse.beat("training")
    assert recovery.recover_stale_runs() == 1
    assert broker.queue_size() == 1
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - LONG_AGO)
    assert recovery.recover_stale_runs() == 0, "its task is in the broker"


def test_a_run_that_waits_behind_another_is_not_lost(project: Project, broker) -> None:
    make_run(project, state="running", attempts=1)
    make_run(project, kind="embed", heartbeat_at=timezone.now() - LONG_AGO)
    pulse.beat("training")
    assert recovery.recover_stale_runs() == 0


def test_exports_are_taken_up_and_given_up_the_same_way(project: Project, broker) -> None:
    version = ModelVersion.objects.create(
        project=project, number=1, kind="quick", label_ids=[], n_labels=2, seed=1, duration_s=1
    )
    export = exports.request(version=version)
    assert exports.request(version=version).pk == export.pk
    assert broker.queue_size() == 1
    for attempts, state in ((1, "queued"), (2, "failed")):
        ModelExport.objects.update(state="running", attempts=attempts, heartbeat_at=timezone.now() - LONG_AGO)
        assert recovery.recover_stale_runs() == 1
        export.refresh_from_db()
        assert export.state == state
    assert "build it again" in export.reason
    assert exports.request(version=version).pk != export.pk


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_that_get_one_task_one_works(project: Project) -> None:
    run = make_run(project)
    started, tokens = threading.Barrier(8), []

    def work() -> None:
        started.wait()
        tokens.append(runs.claim(TrainingRun.objects.get(pk=run.pk)))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 8 and sum(token is not None for token in tokens) == 1
    run.refresh_from_db()
    assert run.attempts == 1


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_through_silence(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BEAT_S", 0.02)
    run = make_run(project)
    token = runs.claim(run)
    assert token
    old = timezone.now() - timedelta(seconds=10)
    TrainingRun.objects.update(heartbeat_at=old)
    with runs.Heartbeat(run, token):
        deadline = timezone.now() + timedelta(seconds=10)
        while TrainingRun.objects.get(pk=run.pk).heartbeat_at == old and timezone.now() < deadline:
            pass
    assert TrainingRun.objects.get(pk=run.pk).heartbeat_at > old  # type: ignore[operator]


@pytest.mark.django_db(transaction=True)
def test_a_run_outlives_a_restart_of_the_database(project: Project) -> None:
    run = make_run(project)
    token = runs.claim(run)
    assert token
    cut_the_connection()
    runs.Heartbeat(run, token).tell("still at it", 0.5)
    run.refresh_from_db()
    assert (run.stage, run.state) == ("still at it", State.RUNNING)


@pytest.mark.django_db(transaction=True)
def test_half_of_what_belongs_together_is_not_written_after_a_restart_of_the_database(project: Project) -> None:
    run = make_run(project)
    token = runs.claim(run)
    assert token
    with pytest.raises(DatabaseError), transaction.atomic():
        cut_the_connection()
        runs.Heartbeat(run, token).check()
        pytest.fail("it went on")


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_on_after_the_database_was_away(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(project)
    token = runs.claim(run)
    assert token
    beat, outage = runs.Heartbeat(run, token), Outage(monkeypatch)
    beat._stop = Pauses(outage.begin, outage.end)  # type: ignore[assignment]
    TrainingRun.objects.update(heartbeat_at=timezone.now() - LONG_AGO)
    beat._beat_on()
    assert TrainingRun.objects.get(pk=run.pk).heartbeat_at > timezone.now() - runs.STALE  # type: ignore[operator]


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_recovery_is_stuck_still_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, free, stop = threading.Event(), threading.Event(), threading.Event()

    def recover_for_long() -> int:
        stuck.set()
        return int(free.wait(30))

    monkeypatch.setattr(pulse, "PULSE_S", 0.02)
    monkeypatch.setattr(pulse, "recover", recover_for_long)
    threads = pulse.start("quick", stop=stop)
    try:
        assert stuck.wait(10)
        WorkerPulse.objects.all().delete()
        deadline = timezone.now() + timedelta(seconds=10)
        while not selectors.workers_alive("quick") and timezone.now() < deadline:
            pass
        assert selectors.workers_alive("quick") and not free.is_set()
    finally:
        free.set()
        stop.set()
        for thread in threads:
            thread.join()


def made_for(run: TrainingRun, *, age_s: float = 0.0) -> Path:
    """Half an encoder in the run's work folder, last touched so long ago."""
    folder = artifacts.fresh_work_folder(run.project_id, run.key)
    (folder / "encoder").mkdir()
    then = time.time() - age_s
    os.utime(folder, (then, then))
    return folder


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "state", "stays"),
    [
        (ValueError("no"), "failed", False),
        (runs.CancelRequested(), "cancelled", False),
        (runs.Superseded(), "running", True),
    ],
)
def test_what_a_run_without_a_result_had_made_is_removed(
    project: Project, error: Exception, state: str, stays: bool
) -> None:
    run, folders = make_run(project), []

    def body(run: TrainingRun, _: runs.Heartbeat) -> None:
        folders.append(made_for(run))
        folders.append(folders[0].rename(folders[0].with_name(f"{run.key}-embeddings")))  # as a run about to end does
        made_for(run)
        raise error

    assert carry_out_run(run.pk, body)
    run.refresh_from_db()
    assert (run.state, [folder.exists() for folder in folders]) == (state, [stays, stays])
    assert ("ValueError: no" in str(run.log)) is (state == "failed")  # its traceback, for a manager


@pytest.mark.django_db
def test_what_a_run_that_was_given_up_had_made_is_removed(project: Project) -> None:
    folder = made_for(silent(project, attempts=2))
    assert recovery.recover_stale_runs() == 1
    assert not folder.exists()


@pytest.mark.django_db
def test_a_starting_worker_sweeps_up_what_nobody_goes_on_with(project: Project) -> None:
    old = 2 * recovery.FORGOTTEN_WORK_S
    ended = made_for(make_run(project, state="failed"), age_s=old)
    waiting = made_for(make_run(project), age_s=old)
    fresh = artifacts.fresh_work_folder(project.pk, uuid.uuid4())  # a quick model's, being written now
    assert recovery.sweep_work() == 1
    assert [ended.exists(), waiting.exists(), fresh.exists()] == [False, True, True]

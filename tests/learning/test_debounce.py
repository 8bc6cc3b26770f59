"""Many labels, few refits, and none forgotten."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.brokers import get_broker

from labeller.annotation.models import Annotation, QueueEntry
from labeller.annotation.signals import annotations_changed
from labeller.learning import refresh as refreshing
from labeller.learning import services
from labeller.learning.bridges import quick as bridge_quick
from labeller.learning.bridges.quick import refit
from labeller.learning.models import LoopState
from labeller.learning.recovery import recover_stale_refreshes
from labeller.learning.runs import STALE, Superseded
from labeller.projects.models import Project
from tests.learning.outage import Outage, Pauses
from tests.learning.scene import fill, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def loop(project: Project, django_capture_on_commit_callbacks) -> LoopState:
    with django_capture_on_commit_callbacks(execute=False):
        services.request_refresh(project_id=project.pk)
    return LoopState.objects.get(project=project)


def queued(django_capture_on_commit_callbacks, act) -> int:
    """How many tasks `act` hands to the broker."""
    with django_capture_on_commit_callbacks(execute=False) as callbacks:
        act()
    return len(callbacks)


def test_ten_labels_in_a_row_enqueue_one_refit(project: Project, django_capture_on_commit_callbacks) -> None:
    def label_ten() -> None:
        for _ in range(10):
            annotations_changed.send(sender=Annotation, project_id=project.pk)

    assert queued(django_capture_on_commit_callbacks, label_ten) == 1


def test_a_label_during_a_refit_enqueues_one_more(loop: LoopState, django_capture_on_commit_callbacks) -> None:
    token = refreshing.begin(loop.project_id)
    assert token
    assert queued(django_capture_on_commit_callbacks, lambda: services.request_refresh(project_id=loop.project_id)) == 1
    assert refreshing.begin(loop.project_id) is None, "a second worker must not refit beside the first"
    assert refreshing.end(loop.project_id, token)
    assert refreshing.begin(loop.project_id), "the label that came meanwhile is still wanted"


def test_a_task_that_comes_twice_finds_nothing_to_do(project: Project) -> None:
    fill(project)
    read(project)
    services.request_refresh(project_id=project.pk)
    assert [refreshing.refresh(project.pk), refreshing.refresh(project.pk)] == [1, 0]


def test_a_lost_task_does_not_block_for_ever(loop: LoopState, django_capture_on_commit_callbacks) -> None:
    def ask() -> bool:
        return services.request_refresh(project_id=loop.project_id)

    assert queued(django_capture_on_commit_callbacks, ask) == 0
    past = timezone.now() - services.REFRESH_LOST - timedelta(seconds=1)
    LoopState.objects.update(refresh_pending_since=past)
    assert queued(django_capture_on_commit_callbacks, ask) == 1


def test_a_lost_task_is_found_without_a_new_label(loop: LoopState, django_capture_on_commit_callbacks) -> None:
    LoopState.objects.update(refresh_pending_since=timezone.now() - services.REFRESH_LOST - timedelta(seconds=1))
    assert queued(django_capture_on_commit_callbacks, recover_stale_refreshes) == 1
    assert queued(django_capture_on_commit_callbacks, recover_stale_refreshes) == 0


def test_a_worker_that_died_in_a_refit_is_replaced(loop: LoopState, django_capture_on_commit_callbacks) -> None:
    assert refreshing.begin(loop.project_id)
    assert queued(django_capture_on_commit_callbacks, recover_stale_refreshes) == 0
    LoopState.objects.update(refresh_claimed_at=timezone.now() - 4 * STALE)
    assert queued(django_capture_on_commit_callbacks, recover_stale_refreshes) == 1
    assert refreshing.begin(loop.project_id)


def test_the_one_who_was_given_up_writes_nothing(project: Project, loop: LoopState) -> None:
    fill(project)
    read(project)
    slow = refreshing.begin(project.pk)
    LoopState.objects.update(refresh_claimed_at=timezone.now() - 4 * STALE, refresh_pending=True)
    assert slow and refreshing.begin(project.pk)
    with pytest.raises(Superseded):
        refit(project.pk, slow)
    assert not QueueEntry.objects.exists() and not refreshing.end(project.pk, slow)


@pytest.mark.django_db(transaction=True)
def test_the_task_reaches_the_quick_cluster_only_after_commit(project: Project) -> None:
    broker = get_broker("quick")
    broker.purge_queue()
    with transaction.atomic():
        services.request_refresh(project_id=project.pk)
        assert broker.queue_size() == 0
    assert broker.queue_size() == 1
    broker.purge_queue()


@pytest.mark.django_db(transaction=True)
def test_a_long_refit_is_not_taken_over_while_its_process_lives(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = timezone.now() - 4 * STALE
    monkeypatch.setattr(refreshing, "BEAT_S", 0.02)

    def long_refit(project_id: int, token: uuid.UUID) -> None:
        """One that has been at it for longer than any claim lasts without a beat."""
        LoopState.objects.update(refresh_claimed_at=long_ago)
        deadline = time.monotonic() + 10
        while LoopState.objects.get().refresh_claimed_at == long_ago and time.monotonic() < deadline:
            pass
        assert recover_stale_refreshes() == 0
        assert LoopState.objects.get().refresh_claim == token

    monkeypatch.setattr(bridge_quick, "refit", long_refit)
    services.request_refresh(project_id=project.pk)
    assert refreshing.refresh(project.pk) == 1
    loop = LoopState.objects.get()
    assert (loop.refresh_claim, loop.refresh_error) == (None, "")
    get_broker("quick").purge_queue()


@pytest.mark.django_db(transaction=True)
def test_a_refit_s_heart_beats_on_after_the_database_was_away(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, outage = uuid.uuid4(), Outage(monkeypatch)
    LoopState.objects.create(project=project, refresh_claim=token, refresh_claimed_at=timezone.now() - STALE)
    stop = Pauses(outage.begin, outage.end)
    refreshing._beat_on(project.pk, token, stop)  # type: ignore[arg-type]
    claimed_at = LoopState.objects.get(project=project).refresh_claimed_at
    assert claimed_at is not None and claimed_at > timezone.now() - STALE

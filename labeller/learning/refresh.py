"""One quick refit at a time for each project, and one more when labels came meanwhile.

`refresh_pending` is set by whoever enqueues and cleared by whoever begins, so labels that arrive during a refit set it
again. A second worker that gets this project's task while the first is at work finds the claim taken and returns; the
first looks for the flag before it ends. So nothing older is ever written over something newer.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import Error, connection
from django.db.models import Q
from django.utils import timezone

from labeller.learning import services
from labeller.learning.models import LoopState
from labeller.learning.reasons import reason_of
from labeller.learning.recovery import REFIT_STUCK
from labeller.learning.runs import BEAT_S, Superseded
from labeller.projects.conditions import of_project

log = structlog.get_logger(__name__)

PASSES = 20  # then the task is enqueued anew, so that other projects and imports get their turn


def refresh(project_id: int) -> int:
    """Refit until no label is left unseen. The number of refits; 0 when none was wanted or another process is at it."""
    for done in range(PASSES):
        token = begin(project_id)
        if token is None:
            return done
        error = _refit(project_id, token)
        end(project_id, token, error=error)
    LoopState.objects.filter(project_id=project_id, refresh_pending=True).update(refresh_pending=False)
    services.request_refresh(project_id=project_id)
    return PASSES


def begin(project_id: int) -> uuid.UUID | None:
    """Claim the refit that is wanted: clears the flag first, so that a label of this moment sets it again. An archived
    project keeps it, and is refitted when it is brought back."""
    token, now = uuid.uuid4(), timezone.now()
    free = Q(refresh_claim=None) | Q(refresh_claimed_at__lt=now - REFIT_STUCK)
    rows = LoopState.objects.filter(free, of_project(archived_at=None), project_id=project_id, refresh_pending=True)
    return token if rows.update(refresh_pending=False, refresh_claim=token, refresh_claimed_at=now) else None


def end(project_id: int, token: uuid.UUID, *, error: str = "") -> bool:
    """Give the claim back. False when another process holds it."""
    rows = LoopState.objects.filter(project_id=project_id, refresh_claim=token)
    return bool(rows.update(refresh_claim=None, refresh_error=error))


@contextmanager
def _kept_alive(project_id: int, token: uuid.UUID) -> Iterator[None]:
    """Beat for the claim meanwhile. With many labels a refit may take longer than REFIT_STUCK; without a beat each one
    would be taken over by the next, and none would ever write its result."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat_on, args=(project_id, token, stop), name=f"refit-{project_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=BEAT_S * 10)


def _beat_on(project_id: int, token: uuid.UUID, stop: threading.Event) -> None:
    try:
        while not stop.wait(BEAT_S):
            try:
                rows = LoopState.objects.filter(project_id=project_id, refresh_claim=token)
                if not rows.update(refresh_claimed_at=timezone.now()):
                    return  # taken over: the refit will find out when it writes
            except Error as error:  # a busy database: the next beat may get through
                log.warning("heartbeat_missed", project=project_id, error=str(error))
                connection.close()  # once it is cut, nothing gets through it any more
    finally:
        connection.close()


def _refit(project_id: int, token: uuid.UUID) -> str:
    """The reason why it failed, or an empty string. A failed refit leaves the queue as it was; labelling goes on."""
    from labeller.learning.bridges.quick import refit

    try:
        with _kept_alive(project_id, token):
            refit(project_id, token)
    except Superseded:
        log.warning("refit_superseded", project=project_id)
    except Exception as error:
        log.exception("refit_failed", project=project_id)
        return reason_of(error)
    return ""

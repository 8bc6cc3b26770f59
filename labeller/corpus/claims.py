"""Who works on an import: claimed by conditional update, kept by heartbeat, taken up once more after a killed worker.

`claim` is the fence: a worker that slept through its own replacement finds another one in the row and stops. The number
of attempts would be none: it is lowered again for a worker that was stopped, and a failed import begins at 0.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from labeller import queueing
from labeller.corpus import reasons
from labeller.corpus.models import ImportJob
from labeller.crew import ending, this_process
from labeller.projects.conditions import of_project

STALE = timedelta(seconds=60)  # a batch takes well under a second; this allows for a machine on its knees
FORGOTTEN = timedelta(minutes=5)  # queued for so long although a worker is alive: the broker lost the task
MOST_ATTEMPTS = 2

State = ImportJob.State


class ClaimLost(Exception):
    """The import was cancelled, or another worker has it now."""


def claim(job_id: int) -> ImportJob | None:
    """The job, if it is ours to run now; None if somebody has it, it is over, or its project is archived."""
    now, mine = timezone.now(), uuid.uuid4()
    stale = Q(state=State.RUNNING, heartbeat_at__lt=now - STALE)
    free = Q(state=State.QUEUED) | stale
    ours = ImportJob.objects.filter(free, of_project(archived_at=None), pk=job_id, attempts__lt=MOST_ATTEMPTS)
    turn = {"attempts": F("attempts") + 1, "claim": mine, "worker": this_process()}
    if ours.update(state=State.RUNNING, heartbeat_at=now, **turn):
        return ImportJob.objects.select_related("project", "created_by").filter(pk=job_id, claim=mine).first()
    give_up(ImportJob.objects.filter(free, pk=job_id))
    return None


def give_up(jobs: QuerySet[ImportJob]) -> None:
    """Mark what died twice as failed, with a reason."""
    for job in jobs.filter(attempts__gte=MOST_ATTEMPTS):
        reason = reasons.KILLED % {"times": MOST_ATTEMPTS, "row": f"{job.rows_read:,}"}
        ImportJob.objects.filter(pk=job.pk, state=job.state, attempts=job.attempts).update(
            state=State.FAILED, reason=reason, finished_at=timezone.now()
        )


def enqueue(job_id: int) -> None:
    queueing.enqueue("labeller.corpus.tasks.run_import", job_id, cluster="quick")


def give_back(crew: str) -> int:
    """After this crew's workers were stopped: their imports wait again, and the attempt is not counted, for they did
    not die of it. The number of imports given back."""
    mine = ImportJob.objects.filter(state=State.RUNNING, worker__endswith=ending(crew), attempts__gte=1)
    # Queued for so long that the first worker hands it out again at once.
    long_ago = timezone.now() - 2 * FORGOTTEN
    return mine.update(state=State.QUEUED, heartbeat_at=long_ago, attempts=F("attempts") - 1)


def recover_stale_imports() -> int:
    """Put imports of killed workers back into the queue once, mark those that died twice as failed, and hand out again
    what the broker lost. Safe to call from several processes at once. Returns the number put back."""
    now = timezone.now()
    stale = Q(state=State.RUNNING, heartbeat_at__lt=now - STALE)
    forgotten = Q(state=State.QUEUED, heartbeat_at__lt=now - FORGOTTEN)
    found = list(ImportJob.objects.filter(stale | forgotten).values_list("pk", "heartbeat_at", "attempts"))
    count = 0
    for pk, heartbeat_at, attempts in found:
        # Also its state: a cancellation leaves the heartbeat as it was, and must not be taken back.
        same = ImportJob.objects.filter(pk=pk, heartbeat_at=heartbeat_at, state__in=(State.RUNNING, State.QUEUED))
        if attempts >= MOST_ATTEMPTS:
            give_up(same)
            continue
        with transaction.atomic():
            if same.update(state=State.QUEUED, heartbeat_at=now):
                transaction.on_commit(partial(enqueue, pk))
                count += 1
    return count

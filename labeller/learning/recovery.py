"""What a killed worker or a forgetful broker left behind, found by our own rows and taken up again.

Each worker process calls `recover` every few seconds. Whoever wins a conditional update enqueues; others see 0 rows.
"""

from __future__ import annotations

import time

import structlog
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone
from django_q.brokers import get_broker

from labeller.corpus.dry_run import recover_lost_dry_runs
from labeller.corpus.models import ImportJob
from labeller.corpus.services import recover_stale_imports
from labeller.learning import artifacts, exports, services
from labeller.learning.deleting import sweep_deleted
from labeller.learning.models import LoopState, ModelExport, TrainingRun
from labeller.learning.runs import LOST, STALE, Work, release_if_stale
from labeller.learning.selectors import workers_alive
from labeller.learning.work import discard
from labeller.projects.conditions import of_project
from labeller.projects.deleting import recover_deletions
from labeller.projects.models import Project

log = structlog.get_logger(__name__)

FORGOTTEN_WORK_S = 3600.0
REFIT_STUCK = 3 * STALE  # a refit takes a second; a first one, on a busy machine, some more


def recover() -> int:
    """Take up again what nobody works on. The number of things enqueued again or given up. Whatever keeps one kind
    of work from being looked at is logged, and the others are looked at."""
    found = 0
    for look in (
        recover_stale_runs,
        recover_stale_refreshes,
        recover_stale_imports,
        recover_lost_dry_runs,
        recover_unread_texts,
        recover_deletions,
    ):
        try:
            found += look()
        except Exception as error:
            log.warning("recovery_missed", of=look.__name__, error=f"{type(error).__name__}: {error}")
    return found


def recover_stale_runs() -> int:
    """Runs and exports whose process died are enqueued once more or failed; tasks the broker lost are enqueued."""
    found = 0
    for model in (TrainingRun, ModelExport):
        works: list[Work] = list(model.objects.filter(state__in=["queued", "running"]))
        for work in works:
            if work.state == "running":
                outcome = release_if_stale(work)
                found += outcome is not None
                if outcome == "queued":
                    _enqueue(work)
                elif outcome is not None:
                    discard(work)
            elif _task_is_lost(work, works):
                _enqueue(work)
                found += 1
    return found


def recover_stale_refreshes() -> int:
    """Quick refits whose process died in the middle, or whose task was lost, are asked for again."""
    now = timezone.now()
    open_ones = LoopState.objects.filter(of_project(archived_at=None))
    stuck = open_ones.filter(refresh_claim__isnull=False, refresh_claimed_at__lt=now - REFIT_STUCK)
    found = 0
    for project_id in list(stuck.values_list("project_id", flat=True)):
        stuck.filter(project_id=project_id).update(refresh_claim=None)
        found += services.request_refresh(project_id=project_id)
    lost = open_ones.filter(refresh_pending=True, refresh_pending_since__lt=now - services.REFRESH_LOST)
    for project_id in list(lost.values_list("project_id", flat=True)):
        found += services.request_refresh(project_id=project_id)
    return found


def recover_unread_texts() -> int:
    """Start reading where an import ended and its worker was killed before it could tell. What has failed since then is
    not tried again by itself. A look at imports and runs alone, which are few: texts are many, and this is often."""
    ended = ImportJob.objects.filter(
        project=OuterRef("pk"), purpose=ImportJob.Purpose.POOL, added__gt=0, finished_at__isnull=False
    )
    reads = TrainingRun.objects.filter(project=OuterRef("pk"), kind=TrainingRun.Kind.EMBED)
    projects = (
        Project.objects.filter(archived_at=None)
        .annotate(
            grown_at=Subquery(ended.order_by("-finished_at").values("finished_at")[:1]),
            read_at=Subquery(reads.order_by("-id").values("created_at")[:1]),
        )
        .filter(Q(read_at=None) | Q(read_at__lt=F("grown_at")), grown_at__isnull=False)
    )
    idle = projects.exclude(Exists(reads.filter(state__in=TrainingRun.UNFINISHED)))
    return sum(services.start_embedding(project=project) is not None for project in idle)


def sweep_work() -> int:
    """Remove what processes that were killed had been making and nobody will go on with. The number of folders."""
    keys = {
        str(key)
        for model in (TrainingRun, ModelExport)
        for key in model.objects.filter(state__in=model.UNFINISHED).values_list("key", flat=True)
    }
    # A quick model's folder has no row of its own; it is whole and renamed within seconds.
    forgotten = artifacts.forgotten_work(unfinished=keys, before=time.time() - FORGOTTEN_WORK_S)
    for project_id, key in forgotten:
        artifacts.discard_work(project_id, key)
    return len(forgotten) + sweep_deleted()


def _task_is_lost(work: Work, works: list[Work]) -> bool:
    """Queued for long while the training worker is alive and idle and its broker holds no task. True to one caller."""
    now = timezone.now()
    if work.heartbeat_at is not None and work.heartbeat_at > now - LOST:
        return False
    busy = any(other.state == "running" and other.pk != work.pk for other in works)
    if busy or not workers_alive("training") or not _training_queue_is_empty():
        return False
    rows = type(work).objects.filter(pk=work.pk, state="queued", heartbeat_at=work.heartbeat_at)
    return bool(rows.update(heartbeat_at=now))


def _training_queue_is_empty() -> bool:
    """False also while the broker is away: nothing can be handed to it then."""
    try:
        return not get_broker("training").queue_size()
    except Exception as error:  # Redis's errors or the database's, as the broker has it
        log.warning("broker_away", error=f"{type(error).__name__}: {error}")
        return False


def _enqueue(work: Work) -> None:
    if isinstance(work, TrainingRun):
        services.enqueue_run(work)
    else:
        exports.enqueue(work)

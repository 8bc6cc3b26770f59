"""Handing a task to the workers. A broker that is away loses the task and nothing else: the row it belongs to is
committed, its page says that it waits, and the workers' recovery hands it out once the broker is back."""

from __future__ import annotations

import structlog
from django_q.tasks import async_task

log = structlog.get_logger(__name__)


def enqueue(task: str, pk: int, *, cluster: str) -> bool:
    """Hand `task`, a dotted name, with a row's id to a cluster. Call it after the commit. False, and a line in the log,
    when the broker is away."""
    try:
        async_task(task, pk, cluster=cluster)
    except Exception as error:  # Redis's errors or the database's, as the broker has it; both mean: later
        log.warning("task_not_enqueued", task=task, pk=pk, error=f"{type(error).__name__}: {error}")
        return False
    return True

"""What notices hear from the apps below, and from the workers."""

from __future__ import annotations

import structlog
from django.db import DatabaseError

from labeller.notices import services
from labeller.projects.models import Project

log = structlog.get_logger(__name__)


def on_run_ended(run_id: int, **_: object) -> None:
    services.note_run_ended(run_id)


def on_stop_advised(project_id: int, labels: int, sentence: str, **_: object) -> None:
    project = Project.objects.filter(pk=project_id).first()
    if project is not None:
        services.note_stop_advised(project, labels=labels, sentence=sentence)


def on_spawn(**_: object) -> None:
    """A new worker process, also one in the place of a killed one: look for what that left behind."""
    try:
        services.catch_up()
    except DatabaseError as error:  # away or busy: the next process looks
        log.warning("notices_missed", error=str(error))

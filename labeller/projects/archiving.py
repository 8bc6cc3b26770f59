"""An archived project is closed to everybody until one of its managers brings it back, or has it deleted for good."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.utils import timezone

from labeller.projects.models import Project, User

log = structlog.get_logger(__name__)

# What works for a project is known to the apps above, which register it in their AppConfig.ready. `to_stop` asks it to
# stop, and may be called more than once; `to_resume` starts again what an open project starts by itself.
to_stop: list[Callable[[int], None]] = []
to_resume: list[Callable[[Project], None]] = []


def archive(*, project: Project, by: User | None = None) -> bool:
    """Close it, and ask what works for it to stop. False when it was archived before."""
    if not Project.objects.filter(pk=project.pk, archived_at=None).update(archived_at=timezone.now()):
        return False
    note("project_archived", project, by)
    # In writes of its own: what ends a run holds that run, and may wait for the project's row to start another.
    stop_work(project.pk)
    return True


def stop_work(project_id: int) -> None:
    """Ask whatever works for it to stop; it stops within seconds."""
    for stop in to_stop:
        stop(project_id)


def bring_back(*, project: Project, by: User | None = None) -> bool:
    """Open it again as it was. False when it is open already, or being deleted."""
    archived = Project.objects.filter(pk=project.pk, archived_at__isnull=False, deletion_asked_at=None)
    if not archived.update(archived_at=None):
        return False
    note("project_brought_back", project, by)
    project.refresh_from_db()
    for resume in to_resume:
        resume(project)
    return True


def note(event: str, project: Project, by: User | None) -> None:
    """Who did it: the only trace, where a project's own rows go with it. A warning, so that it is written down whatever
    LABELLER_LOG_LEVEL usually is."""
    log.warning(event, project=project.pk, slug=project.slug, name=project.name, user=by.get_username() if by else None)

"""What it means to imports that a project is archived, or deleted for good."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from labeller.corpus.errors import ImportStateError
from labeller.corpus.models import ImportJob
from labeller.corpus.services import cancel_import

UNFINISHED = (ImportJob.State.QUEUED, ImportJob.State.RUNNING)


def stop_imports(project_id: int) -> None:
    """Cancel what waits or runs. A file that nobody has started yet stays as it is."""
    for job in ImportJob.objects.filter(project=project_id, state__in=UNFINISHED):
        try:
            cancel_import(job=job)
        except ImportStateError:  # it has ended in this moment
            continue


def has_import(project_id: int) -> bool:
    """Whether one waits or runs. One that was cancelled writes nothing more, even in the middle of a batch."""
    return ImportJob.objects.filter(project=project_id, state__in=UNFINISHED).exists()


def uploads_folder(project_id: int) -> Path:
    return Path(settings.UPLOADS) / str(project_id)

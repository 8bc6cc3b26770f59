"""What an archived project means to imports: what is under way is cancelled, nothing waits for it for long."""

from __future__ import annotations

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

"""What an archived project means to learning: runs are cancelled, no refit begins, and reading goes on once it is
brought back."""

from __future__ import annotations

from labeller.corpus.models import Document
from labeller.learning import services
from labeller.learning.models import LoopState, TrainingRun
from labeller.projects.models import Project


def stop_learning(project_id: int) -> None:
    """Ask the runs to cancel; a refit that is under way ends within a second or so by itself."""
    for run in TrainingRun.objects.filter(project=project_id, state__in=TrainingRun.UNFINISHED):
        services.cancel(run=run)


def resume_learning(project: Project) -> None:
    """Read the texts that are not read yet, and put the queue in order by labels that came in the last moment."""
    if Document.objects.filter(project=project).exists():
        services.start_embedding(project=project)
    if LoopState.objects.filter(project=project, refresh_pending=True).update(refresh_pending=False):
        services.request_refresh(project_id=project.pk)

"""What it means to learning that a project is archived, brought back, or deleted for good."""

from __future__ import annotations

from django.utils import timezone

from labeller.corpus.models import Document
from labeller.learning import services
from labeller.learning.models import LoopState, ModelExport, TrainingRun
from labeller.learning.recovery import REFIT_STUCK
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


def is_learning(project_id: int) -> bool:
    """Whether a run or a refit is under way, or a zip is being built. A zip that only waits is no work yet."""
    runs = TrainingRun.objects.filter(project=project_id, state__in=TrainingRun.UNFINISHED)
    building = ModelExport.objects.filter(version__project=project_id, state=ModelExport.State.RUNNING)
    alive = timezone.now() - REFIT_STUCK
    refits = LoopState.objects.filter(project=project_id, refresh_claim__isnull=False, refresh_claimed_at__gt=alive)
    return runs.exists() or building.exists() or refits.exists()

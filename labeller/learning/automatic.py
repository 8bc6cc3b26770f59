"""What starts by itself, looked at after each quick refit, when the number of labels is at hand."""

from __future__ import annotations

import structlog

from labeller.learning import selectors, services
from labeller.learning.models import TrainingRun
from labeller.learning.triggers import is_full_due
from labeller.projects.models import Project

log = structlog.get_logger(__name__)


def consider_full(project: Project, *, labels: int, kinds: int) -> TrainingRun | None:
    """Start a full run when the labels have grown enough since the last one began. None when it is not its time.

    `kinds`: different answers among the texts that may teach the encoder (no audit texts).
    """
    runs = selectors.full_runs(project.pk)
    unfinished = any(run.is_unfinished for run in runs)
    last = selectors.labels_at_last_full(runs)
    if not is_full_due(labels, labels_at_last=last, kinds=kinds, unfinished=unfinished):
        return None
    try:
        return services.start_full(project=project)
    except services.RunRefused as refusal:  # somebody pressed the button at this moment
        log.info("full_run_not_started", project=project.pk, why=str(refusal))
        return None

"""What starts by itself, looked at after each quick refit, when the number of labels is at hand."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.db.models import Max

from labeller.annotation.models import ServingCounter
from labeller.annotation.selectors import answers_with_labels
from labeller.learning import selectors, services
from labeller.learning.models import LoopState, TrainingRun
from labeller.learning.triggers import is_check_due, is_full_due, is_gauge_due, is_weighing_due
from labeller.projects.models import Project

log = structlog.get_logger(__name__)


def consider_full(
    project: Project, *, labels: int, teaching: int, kinds: int, audit_can_tell: bool
) -> TrainingRun | None:
    """Start a full run when the labels have grown enough since the last one began. None when it is not its time.

    `teaching`: the labelled texts that may teach the encoder (no audit texts), of so many `kinds`.
    `audit_can_tell`: whether the audit has texts enough to judge a model.
    """
    runs = selectors.full_runs(project.pk)
    unfinished = any(run.is_unfinished for run in runs)
    next_at = selectors.next_full_of(runs, audit_can_tell=audit_can_tell)
    if not is_full_due(labels, teaching=teaching, kinds=kinds, next_at=next_at, unfinished=unfinished):
        return None
    try:
        return services.start_full(project=project)
    except services.RunRefused as refusal:  # somebody pressed the button at this moment
        log.info("full_run_not_started", project=project.pk, why=str(refusal))
        return None


def consider_check(project_id: int) -> TrainingRun | None:
    """Compare the encoders when the labels have grown enough since they were compared last. None when it is not its
    time, or there is one encoder only."""
    loop = LoopState.objects.select_related("project").filter(project_id=project_id).first()
    if loop is None or len(settings.ENCODERS) < 2:
        return None
    runs = TrainingRun.objects.filter(project_id=project_id, kind=TrainingRun.Kind.CHECK)
    last = runs.aggregate(most=Max("labels_at_start"))["most"] or 0
    if not is_check_due(loop.refresh_labels, labels_at_last=last, encoders=len(settings.ENCODERS)):
        return None
    try:
        return services.start_check(project=loop.project)
    except services.RunRefused as refusal:  # one is under way, or the labels are of one kind
        log.info("check_not_started", project=project_id, why=str(refusal))
        return None


def consider_gauge(project_id: int) -> TrainingRun | None:
    """Measure behind the loop when the labels have grown enough since that was last done. None when it is not its
    time, or under way."""
    loop = LoopState.objects.select_related("project").filter(project_id=project_id).first()
    counter = ServingCounter.objects.filter(project_id=project_id).first()
    if loop is None or counter is None:
        return None
    runs = TrainingRun.objects.filter(project_id=project_id, kind=TrainingRun.Kind.GAUGE)
    last = runs.aggregate(most=Max("labels_at_start"))["most"] or 0
    if not is_gauge_due(loop.refresh_labels, labels_at_last=last, audit=counter.audit_labelled):
        return None
    return services.start_gauge(project=loop.project, labels=loop.refresh_labels)


def consider_weighing(project_id: int) -> TrainingRun | None:
    """Weigh the answers when they have grown enough since that was last done. None when it is not its time, or under
    way."""
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        return None
    runs = TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.WEIGH)
    last = runs.aggregate(most=Max("labels_at_start"))["most"] or 0
    answers = answers_with_labels(project)
    if not is_weighing_due(answers, answers_at_last=last):
        return None
    return services.start_weighing(project=project, answers=answers)

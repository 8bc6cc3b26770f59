"""One run's own page: how it ended and why, how far it came, its losses. For every member."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from labeller.insight.loss_chart import KEY, LossPoint, loss_points, loss_spec
from labeller.insight.saved_picture import saved
from labeller.learning.models import TrainingRun
from labeller.projects.access import project_for
from labeller.projects.models import Project

SHOWN = 10


def runs_without_a_model(project: Project) -> QuerySet[TrainingRun]:
    """The newest that failed or were cancelled, without their logs. One query."""
    ended = (TrainingRun.State.FAILED, TrainingRun.State.CANCELLED)
    return TrainingRun.objects.filter(project=project, state__in=ended).defer("log").order_by("-id")[:SHOWN]


@require_GET
def run(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    access = project_for(request, slug)
    found = get_object_or_404(TrainingRun.objects.select_related("requested_by"), project=access.project, key=key)
    took = (found.finished_at - found.started_at).total_seconds() if found.finished_at and found.started_at else None
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "results",
        "part": "models",
        "run": found,
        "took_s": took,
        "losses": loss_points(found.log),
        "versions": found.versions.order_by("number").values_list("number", flat=True),
    }
    return render(request, "insight/run.html", context)


@require_GET
def run_loss(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """The specification of its loss curve."""
    project = project_for(request, slug).project
    found = get_object_or_404(TrainingRun, project=project, key=key)
    return loss_picture(loss_points(found.log), request, title=f"{project.name}: loss of a run")


def loss_picture(points: list[LossPoint], request: HttpRequest, *, title: str) -> JsonResponse:
    """For the page, or with `saved` as it is taken away."""
    spec = loss_spec(points)
    return JsonResponse(saved(spec, title=title, key=KEY) if "saved" in request.GET else spec)

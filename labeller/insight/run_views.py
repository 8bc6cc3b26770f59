"""One run's own page: how it ended and why, how far it came, its losses, its log. For every member."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from labeller.insight.loss_chart import LossPoint, loss_key, loss_points, loss_spec
from labeller.insight.run_log import error_of, log_text
from labeller.insight.saved_picture import saved
from labeller.learning.models import TrainingRun
from labeller.learning.selectors import workers_alive
from labeller.projects.access import managed_project_for, project_for
from labeller.projects.models import Project

SHOWN = 20
# Where each kind of run is asked for again; what is measured behind the loop comes again by itself.
AGAIN = {
    "full": "run-start",
    "embed": "embed-start",
    "test": "test-measure",
    "weigh": "weigh",
    "check": "encoder-compare",
}


def runs_without_a_model(project: Project) -> list[TrainingRun]:
    """The newest that failed or were cancelled and left no model, without their logs: full runs, and work that never
    was to make one. One query."""
    ended = (TrainingRun.State.FAILED, TrainingRun.State.CANCELLED)
    found = TrainingRun.objects.filter(project=project, state__in=ended, versions=None)
    return list(found.defer("log").order_by("-id")[:SHOWN])


@require_GET
def run(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """The page asks for itself again while this run, or a later one of its kind, is under way: 204 until something has
    changed, then how things stand; with the log and the losses once this run has ended, for then there are some."""
    access = project_for(request, slug)
    found = _run(access.project, key)
    later = TrainingRun.objects.filter(project=access.project, kind=found.kind, pk__gt=found.pk).defer("log").first()
    seen, marker = request.GET.get("seen"), _marker(found, later)
    if seen is not None and seen == marker:
        return HttpResponse(status=204)
    took = (found.finished_at - found.started_at).total_seconds() if found.finished_at and found.started_at else None
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "results",
        "part": "models",
        "run": found,
        "later": later,
        "again": AGAIN.get(found.kind),
        "is_live": _under_way(found, later),
        "has_ended": seen is not None and not found.is_unfinished and not seen.startswith(_mark(found)),
        "no_worker": _under_way(found, later) and not workers_alive("training"),
        "marker": marker,
        "took_s": took,
        "losses": loss_points(found.log),
        "error": error_of(found.log) if access.membership.may_manage else "",
        "versions": found.versions.order_by("number").values_list("number", flat=True),
    }
    return render(request, "insight/run.html" if seen is None else "insight/_run.html", context)


@require_GET
def run_log(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """All that is known of it as a plain text, to hand on to whoever runs the server. For managers."""
    found = _run(managed_project_for(request, slug).project, key)
    return HttpResponse(
        log_text(found),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{slug}-run-{found.pk}.txt"'},
    )


@require_GET
def run_loss(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """The specification of its loss curve."""
    project = project_for(request, slug).project
    points = loss_points(_run(project, key).log)
    return loss_picture(points, request, title=_("%(project)s: loss of a run") % {"project": project.name})


def loss_picture(points: list[LossPoint], request: HttpRequest, *, title: str) -> JsonResponse:
    """For the page, or with `saved` as it is taken away."""
    spec = loss_spec(points)
    return JsonResponse(saved(spec, title=title, key=loss_key()) if "saved" in request.GET else spec)


def _run(project: Project, key: UUID) -> TrainingRun:
    return get_object_or_404(TrainingRun.objects.select_related("requested_by"), project=project, key=key)


def _under_way(found: TrainingRun, later: TrainingRun | None) -> bool:
    return found.is_unfinished or (later is not None and later.is_unfinished)


def _marker(found: TrainingRun, later: TrainingRun | None) -> str:
    """Changes with what the page says of either."""
    return "-".join(_mark(one) for one in (found, later) if one)


def _mark(one: TrainingRun) -> str:
    return f"{one.pk}.{one.state}.{one.progress:.2f}.{one.stage}"

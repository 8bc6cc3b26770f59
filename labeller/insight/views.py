"""The results page, its live part, its chart and its table as a file. All read only, for every member."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeller.insight import selectors
from labeller.insight.charts import METRICS, curve_spec
from labeller.insight.curve import CurveRow, curve_rows, write_csv
from labeller.insight.selectors import LabelScore, Standing
from labeller.insight.sentences import Headline, audit_so_far, headline
from labeller.projects.access import project_for
from labeller.projects.models import Project


@dataclass(frozen=True)
class ResultsContext:
    """What the page and its live part show; both are filled from this one."""

    standing: Standing
    headline: Headline
    audit_so_far: str
    rows: list[CurveRow]  # in the order of the curve
    by_label: list[LabelScore]  # of the model in use
    marker: str  # changes whenever a figure on the page does

    @property
    def points(self) -> int:
        return sum(row.accuracy is not None for row in self.rows)

    @classmethod
    def of(cls, project: Project) -> ResultsContext:
        versions = selectors.versions(project)
        standing = selectors.standing(project, versions)
        return cls(
            standing=standing,
            headline=headline(standing),
            audit_so_far=audit_so_far(standing),
            rows=curve_rows(versions),
            by_label=selectors.label_scores(project, standing.current.number if standing.current else None),
            marker=selectors.marker(standing, versions),
        )


@require_GET
def results(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "results",
        "metrics": METRICS,
        "results": ResultsContext.of(access.project),
    }
    return render(request, "insight/results.html", context)


@require_GET
def figures(request: HttpRequest, slug: str) -> HttpResponse:
    """The page's live part. 204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    context = ResultsContext.of(access.project)
    if request.GET.get("seen") == context.marker:
        return HttpResponse(status=204)
    return render(
        request,
        "insight/_figures.html",
        {"project": access.project, "membership": access.membership, "results": context},
    )


@require_GET
def curve(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    metric = request.GET.get("metric", "accuracy")
    if metric not in METRICS:
        return HttpResponseBadRequest(f"No curve of {metric[:40]!r}; known: {', '.join(METRICS)}.", "text/plain")
    return JsonResponse(curve_spec(curve_rows(selectors.versions(access.project)), metric=metric))


@require_GET
def curve_csv(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{access.project.slug}-curve.csv"'},
    )
    write_csv(curve_rows(selectors.versions(access.project)), response)
    return response

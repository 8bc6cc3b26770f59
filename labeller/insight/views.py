"""The results page, its live part, its chart and its table as a file. All read only, for every member."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from labeller.insight import outlook, selectors
from labeller.insight.advice import HIGHEST, Outlook
from labeller.insight.advice import outlook as outlook_in_words
from labeller.insight.charts import METRICS, curve_spec
from labeller.insight.curve import CurveRow, curve_rows, write_csv
from labeller.insight.forecast_layer import with_forecast
from labeller.insight.outlook import Law, Reading, Tightened
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
    reading: Reading | None  # of the model in use
    outlook: Outlook | None
    tightened: list[Tightened]  # newest first

    @property
    def points(self) -> int:
        return sum(row.accuracy is not None for row in self.rows)

    @property
    def law(self) -> Law | None:
        """The forecast's, where it may be shown."""
        return self.reading.law if self.reading and self.reading.law and self.reading.law.passed else None

    @classmethod
    def of(cls, project: Project, target: int | None = None) -> ResultsContext:
        """`target`: the accuracy somebody wants, in per cent."""
        versions = selectors.versions(project)
        standing = selectors.standing(project, versions)
        by_label = selectors.label_scores(project, standing.current.number if standing.current else None)
        reading = outlook.reading_of(project, standing, by_label)
        return cls(
            standing=standing,
            headline=headline(standing),
            audit_so_far=audit_so_far(standing),
            rows=curve_rows(versions),
            by_label=by_label,
            marker=selectors.marker(standing, versions),
            reading=reading,
            outlook=outlook_in_words(reading, target),
            tightened=outlook.tightened(project),
        )


@require_GET
def results(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "results",
        "metrics": METRICS,
        "results": ResultsContext.of(access.project, _target(request)),
    }
    return render(request, "insight/results.html", context)


@require_GET
def figures(request: HttpRequest, slug: str) -> HttpResponse:
    """The page's live part. 204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    context = ResultsContext.of(access.project, _target(request))
    if request.GET.get("seen") == context.marker:
        return HttpResponse(status=204)
    return render(
        request,
        "insight/_figures.html",
        {"project": access.project, "membership": access.membership, "results": context},
    )


@require_GET
def outlook_words(request: HttpRequest, slug: str) -> HttpResponse:
    """Forecast and advice for another target; the page's address follows."""
    access = project_for(request, slug)
    results = ResultsContext.of(access.project, _target(request))
    answer = render(request, "insight/_outlook.html", {"project": access.project, "results": results})
    if results.outlook:
        answer["HX-Replace-Url"] = f"{reverse('results', args=[slug])}?target={results.outlook.target}"
    return answer


def _target(request: HttpRequest) -> int | None:
    """Per cent of the form; None where there is no whole number from 1 to 99."""
    asked = request.GET.get("target", "")
    return int(asked) if asked.isascii() and asked.isdigit() and 1 <= int(asked[:4]) <= HIGHEST else None


@require_GET
def curve(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    metric = request.GET.get("metric", "accuracy")
    if metric not in METRICS:
        return HttpResponseBadRequest(f"No curve of {metric[:40]!r}; known: {', '.join(METRICS)}.", "text/plain")
    versions = selectors.versions(access.project)
    spec = curve_spec(curve_rows(versions), metric=metric)
    if metric == "accuracy":
        spec = with_forecast(spec, outlook.law_of(access.project, versions))
    return JsonResponse(spec)


@require_GET
def curve_csv(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{access.project.slug}-curve.csv"'},
    )
    write_csv(curve_rows(selectors.versions(access.project)), response)
    return response

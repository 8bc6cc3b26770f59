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
from labeller.insight.charts import curve_key, curve_spec
from labeller.insight.curve import CurveRow, curve_rows, write_csv
from labeller.insight.forecast_layer import with_forecast
from labeller.insight.label_curves import label_figures
from labeller.insight.lines import LINES, NAMES, line_rows, newest_comparison
from labeller.insight.markers import results_marker
from labeller.insight.outlook import Law, Reading
from labeller.insight.picture import PictureRefused, metrics_of, picture_of, picture_rows
from labeller.insight.saved_picture import saved
from labeller.insight.saving import saving
from labeller.insight.selectors import Estimate, LabelScore, Standing
from labeller.insight.sentences import Headline, audit_so_far, headline
from labeller.projects.access import project_for
from labeller.projects.models import Label, Project


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
    figures: str  # changes whenever a picture of the curve may
    saving: str  # what choosing texts has saved; empty before that was compared

    @property
    def points(self) -> int:
        return sum(row.accuracy is not None for row in self.rows)

    @property
    def has_plain(self) -> bool:
        """Whether plain figures stand beside leading ones."""
        return any(row.plain_accuracy or row.plain_f1 for row in self.rows)

    @property
    def law(self) -> Law | None:
        """The forecast's, where it may be shown."""
        return self.reading.law if self.reading and self.reading.law and self.reading.law.passed else None

    @classmethod
    def of(cls, project: Project, target: int | None = None) -> ResultsContext:
        """`target`: the accuracy somebody wants, in per cent."""
        marker = results_marker(project)  # first: what changes while the page is built is news
        versions = selectors.versions(project)
        standing = selectors.standing(project, versions)
        by_label = selectors.label_scores(project, standing.current.number if standing.current else None)
        reading = outlook.reading_of(project, standing, by_label)
        comparison = newest_comparison(project)
        current = standing.current.number if standing.current else 0  # its forecast is drawn
        figures = (
            f"{standing.newest}.{current}.{comparison.pk if comparison else 0}"  # running scores come with versions
        )
        return cls(
            standing=standing,
            headline=headline(standing),
            audit_so_far=audit_so_far(standing),
            rows=curve_rows(versions),
            by_label=by_label,
            marker=marker,
            reading=reading,
            outlook=outlook_in_words(reading, target),
            figures=figures,
            saving=saving(comparison),
        )


@dataclass(frozen=True)
class NumberRow:
    """A point of the picture and the figure it shows."""

    row: CurveRow
    figure: Estimate | None


@require_GET
def results(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "results",
        "metrics": metrics_of(access.project),
        "lines": NAMES,
        "results": ResultsContext.of(access.project, _target(request)),
    }
    return render(request, "insight/results.html", context)


@require_GET
def figures(request: HttpRequest, slug: str) -> HttpResponse:
    """The page's live part. 204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    if request.GET.get("seen") == results_marker(access.project):
        return HttpResponse(status=204)
    context = ResultsContext.of(access.project, _target(request))
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
    is_short = asked.isascii() and asked.isdigit() and len(asked) <= len(str(HIGHEST))
    return int(asked) or None if is_short else None


@require_GET
def curve(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture that was asked for, as a Vega-Lite specification; with `saved` as it is taken away."""
    access = project_for(request, slug)
    try:
        picture = picture_of(access.project, request.GET)
    except PictureRefused as refusal:
        return HttpResponseBadRequest(str(refusal), "text/plain")
    rows = picture_rows(access.project, picture)
    law = outlook.law_of(access.project, selectors.versions(access.project)) if picture.metric == "accuracy" else None
    spec = with_forecast(curve_spec(rows, metric=picture.metric, name=picture.name), law)
    if "saved" in request.GET:
        title = f"{access.project.name}: {picture.name} on texts drawn at random, against number of labels"
        key = curve_key(rows, picture.metric, has_forecast=law is not None and law.passed)
        spec = saved(spec, title=title, key=key)
    return JsonResponse(spec)


@require_GET
def numbers(request: HttpRequest, slug: str) -> HttpResponse:
    """The same picture as a table, point by point."""
    access = project_for(request, slug)
    try:
        picture = picture_of(access.project, request.GET)
    except PictureRefused as refusal:
        return HttpResponseBadRequest(str(refusal), "text/plain")
    rows = [NumberRow(row, getattr(row, picture.metric)) for row in picture_rows(access.project, picture)]
    context = {"project": access.project, "membership": access.membership, "section": "results", "picture": picture}
    return render(request, "insight/numbers.html", context | {"rows": rows})


@require_GET
def curve_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that a picture may show: all versions with all figures, and the lines beside them."""
    access = project_for(request, slug)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{access.project.slug}-curve.csv"'},
    )
    rows = curve_rows(selectors.versions(access.project))
    rows += [row for key in LINES for row in line_rows(access.project, key)]
    labels = list(Label.objects.filter(project=access.project))
    write_csv(rows, response, labels=labels, figures=label_figures(access.project))
    return response

"""The results page, its live part, its chart and its table as a file. All read only, for every member."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_GET

from labeller.insight import outlook
from labeller.insight.advice import HIGHEST
from labeller.insight.change_marks import with_changes
from labeller.insight.charts import curve_key, curve_spec
from labeller.insight.curve import curve_rows, write_csv
from labeller.insight.curve_changes import changes_of
from labeller.insight.forecast_layer import with_forecast
from labeller.insight.label_curves import label_figures
from labeller.insight.lines import LINES, NAMES, line_rows
from labeller.insight.markers import results_marker
from labeller.insight.measured_on import AUDIT, ON_THE_AUDIT, ground_of, measured, versions_on
from labeller.insight.number_rows import NumberRow, between, change_rows
from labeller.insight.picture import PictureRefused, metrics_of, picture_of, picture_rows
from labeller.insight.results_context import ResultsContext
from labeller.insight.saved_picture import saved
from labeller.projects.access import project_for
from labeller.projects.models import Label


@require_GET
def results(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "results",
        "metrics": metrics_of(access.project),
        "lines": NAMES,
        "results": ResultsContext.of(access.project, ground_of(access.project, request.GET), _target(request)),
    }
    return render(request, "insight/results.html", context)


@require_GET
def figures(request: HttpRequest, slug: str) -> HttpResponse:
    """The page's live part. 204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    ground = ground_of(access.project, request.GET)
    if request.GET.get("seen") == results_marker(access.project, ground):
        return HttpResponse(status=204)
    context = ResultsContext.of(access.project, ground, _target(request))
    return render(
        request,
        "insight/_figures.html",
        {"project": access.project, "membership": access.membership, "results": context},
    )


@require_GET
def outlook_words(request: HttpRequest, slug: str) -> HttpResponse:
    """Forecast and advice for another target; the page's address follows. Where there is a test file it says that this
    is the audit's page: without a word it may be the other's."""
    access = project_for(request, slug)
    results = ResultsContext.of(access.project, ON_THE_AUDIT, _target(request))
    answer = render(request, "insight/_outlook.html", {"project": access.project, "results": results})
    if results.outlook:
        chosen = {"on": AUDIT} if ground_of(access.project, request.GET).has_choice else {}
        address = urlencode(chosen | {"target": results.outlook.target})
        answer["HX-Replace-Url"] = f"{reverse('results', args=[slug])}?{address}"
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
    ground, versions = picture.ground, versions_on(access.project, picture.ground)
    rows, changes = picture_rows(access.project, picture, versions), changes_of(access.project, versions)
    is_forecast = picture.metric == "accuracy" and ground.test_set is None  # it stands on the audit
    law = outlook.law_of(access.project, versions) if is_forecast else None
    spec = with_forecast(curve_spec(rows, metric=picture.metric, name=picture.name, texts=ground.column), law)
    spec = with_changes(spec, changes)
    if "saved" in request.GET:
        key = curve_key(rows, picture.metric, has_forecast=law is not None and law.passed, has_changes=bool(changes))
        spec = saved(spec, title=picture.title(access.project), key=key)
    return JsonResponse(spec)


@require_GET
def numbers(request: HttpRequest, slug: str) -> HttpResponse:
    """The same picture as a table, point by point."""
    access = project_for(request, slug)
    try:
        picture = picture_of(access.project, request.GET)
    except PictureRefused as refusal:
        return HttpResponseBadRequest(str(refusal), "text/plain")
    versions = versions_on(access.project, picture.ground)
    points = [NumberRow(row, getattr(row, picture.metric)) for row in picture_rows(access.project, picture, versions)]
    rows = between(points, changes_of(access.project, versions))
    context = {"project": access.project, "membership": access.membership, "section": "results", "picture": picture}
    return render(request, "insight/numbers.html", context | {"rows": rows})


@require_GET
def curve_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that a picture may show: all versions with all figures, and on the audit the lines beside them."""
    access = project_for(request, slug)
    ground = ground_of(access.project, request.GET)
    name = f"{access.project.slug}-curve{'-on-test-file' if ground.test_set else ''}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    versions = versions_on(access.project, ground)
    labels, figures = list(Label.objects.filter(project=access.project)), label_figures(access.project, ground)
    with override("en"):  # a file is for machines
        rows = curve_rows(measured(versions, ground))
        if ground.test_set is None:
            rows += [row for key in LINES for row in line_rows(access.project, key)]
        rows += change_rows(changes_of(access.project, versions))
        write_csv(rows, response, labels=labels, figures=figures, texts=f"{ground.on}_texts")
    return response

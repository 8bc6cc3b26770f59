"""Pages whose figures are frozen (errors, one model, two compared, the report) are not replaced while somebody reads
them: a newer model is offered, and shown when they ask."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from labeller.insight import selectors
from labeller.insight.markers import models_on
from labeller.insight.measured_on import ground_of
from labeller.projects.access import LabellerRequest, project_for
from labeller.projects.models import Project


@require_GET
def newer(request: LabellerRequest, slug: str) -> HttpResponse:
    """204 while nothing has changed; then the offer, with the address that shows what is new."""
    project = project_for(request, slug).project
    ground = ground_of(project, request.GET)
    marker = models_on(project, ground)
    if request.GET.get("seen") == marker:
        return HttpResponse(status=204)
    page = newest_page(project, request.htmx.current_url_abs_path or "")
    context = {"project": project, "ground": ground, "newer": marker, "newest_page": page}
    return render(request, "insight/_newer.html", context)


def newest_page(project: Project, address: str) -> str:
    """Where the page at `address` would show what is new: errors of the model in use, the later model of two against
    the newest. An address that is no page of these results leads to the first of them."""
    first = reverse("results", args=[project.slug])
    parts = urlsplit(address)
    if parts.netloc or not parts.path.startswith(first):
        return first
    query = QueryDict(parts.query, mutable=True)
    if parts.path == reverse("results-errors", args=[project.slug]):
        query.pop("model", None)
    if parts.path == reverse("results-compare", args=[project.slug]):
        query["a"], query["b"] = query.get("b", ""), str(selectors.newest_number(project))
    return f"{parts.path}?{query.urlencode()}" if query else parts.path

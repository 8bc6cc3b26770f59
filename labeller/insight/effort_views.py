"""The page of effort, its live part and its days as a file. All read only; each member sees what their role allows."""

from __future__ import annotations

import csv
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeller.insight.effort_page import Asked, effort_of, marker_of
from labeller.insight.measured_on import ground_of
from labeller.projects.access import Access, project_for

MOST_LABELS = 10_000_000


class AskedForm(forms.Form):
    """Part of an address: whatever is not a number in its range counts as not chosen."""

    person = forms.IntegerField(required=False, min_value=1, max_value=2**31)
    target = forms.IntegerField(required=False, min_value=1, max_value=MOST_LABELS)


@require_GET
def effort(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    return render(request, "insight/effort.html", _context(access, request.GET) | {"section": "results"})


@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    if request.GET.get("seen") == marker_of(access.project, ground_of(access.project, request.GET)):
        return HttpResponse(status=204)
    return render(request, "insight/_effort.html", _context(access, request.GET))


@require_GET
def days_csv(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{access.project.slug}-effort.csv"'},
    )
    out = csv.writer(response)
    out.writerow(["day", "labels", "answers_timed", "work_seconds", "breaks"])
    for day in effort_of(access.project, access.membership, _asked(request.GET)).days:
        work = day.work
        times = ["", ""] if day.times_held else [f"{work.seconds:.1f}", work.breaks]
        out.writerow([day.day.isoformat(), work.labels, work.answers, *times])
    return response


def _context(access: Access, query: QueryDict) -> dict[str, Any]:
    asked, ground = _asked(query), ground_of(access.project, query)
    chosen = {name: value for name, value in asdict(asked).items() if value is not None}
    on = {"on": ground.on} if ground.has_choice else {}
    return {
        "project": access.project,
        "membership": access.membership,
        "effort": effort_of(access.project, access.membership, asked, ground),
        "query": urlencode(chosen | on),
        "ground": ground,
        "kept": f"{urlencode(chosen)}&" if chosen else "",
    }


def _asked(query: QueryDict) -> Asked:
    form = AskedForm(query)
    form.is_valid()
    return Asked(form.cleaned_data.get("person"), form.cleaned_data.get("target"))

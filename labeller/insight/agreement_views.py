"""The page of agreement. Read only; each member sees what their role allows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeller.insight.agreement import agreement_of
from labeller.projects.access import project_for


@require_GET
def agreement(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    context = {"project": access.project, "membership": access.membership, "section": "results"}
    return render(
        request, "insight/agreement.html", context | {"agreement": agreement_of(access.project, access.membership)}
    )

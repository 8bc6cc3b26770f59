"""The page of models and its live part. All read only, for every member."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeller.insight import selectors
from labeller.insight.selectors import Standing, VersionScore
from labeller.insight.sentences import in_use
from labeller.projects.access import project_for
from labeller.projects.models import Project


@dataclass(frozen=True)
class ModelsContext:
    """What the page of models and its live part show."""

    standing: Standing
    models: list[VersionScore]  # newest first
    in_use: str
    marker: str  # changes whenever a figure on the page does

    @classmethod
    def of(cls, project: Project) -> ModelsContext:
        versions = selectors.versions(project)
        standing = selectors.standing(project, versions)
        return cls(
            standing=standing,
            models=sorted(versions, key=lambda version: version.number, reverse=True),
            in_use=in_use(standing.current, next((version for version in versions if version.is_serving), None)),
            marker=selectors.marker(standing, versions),
        )


@require_GET
def models(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    context = {"project": access.project, "membership": access.membership, "section": "results"}
    return render(request, "insight/models.html", context | {"models": ModelsContext.of(access.project)})


@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    context = ModelsContext.of(access.project)
    if request.GET.get("seen") == context.marker:
        return HttpResponse(status=204)
    return render(
        request,
        "insight/_models.html",
        {"project": access.project, "membership": access.membership, "models": context},
    )

"""What a manager does with a stored model. Each answers with the page of that model. Deleting has deletion_views."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from labeller.learning import versions
from labeller.learning.models import ModelVersion
from labeller.projects.access import Access, LabellerRequest, managed_project_for


@require_POST
def pin(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, access: Access) -> str:
        versions.pin(version=version)
        return _("Model %(number)s is pinned: it goes on serving whatever the next runs make.") % _numbered(version)

    return _done(request, slug, number, act)


@require_POST
def unpin(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, access: Access) -> str:
        versions.unpin(project_id=access.project.pk)
        return _("Model %(number)s is not pinned any more: a better model may take over.") % _numbered(version)

    return _done(request, slug, number, act)


@require_POST
def serve(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, access: Access) -> str:
        versions.serve_again(version=version, requested_by=access.membership.user)
        said = _("Model %(number)s serves as soon as it has read the texts. The present one goes on until then.")
        return said % _numbered(version)

    return _done(request, slug, number, act)


@require_POST
def retire(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, access: Access) -> str:
        versions.retire(version=version, requested_by=access.membership.user)
        return _("The language model as it came reads the texts again.")

    return _done(request, slug, number, act)


@require_POST
def stay(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, access: Access) -> str:
        versions.stay(project_id=access.project.pk)
        return _("The present model goes on serving.")

    return _done(request, slug, number, act)


def _done(request: HttpRequest, slug: str, number: int, act: Callable[[ModelVersion, Access], str]) -> HttpResponse:
    access = managed_project_for(request, slug)
    version = get_object_or_404(ModelVersion, project=access.project, number=number)
    try:
        messages.success(request, act(version, access))
    except versions.VersionRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("results-model", slug, number)


def _numbered(version: ModelVersion) -> dict[str, object]:
    return {"number": version.number}

"""What a manager does with a stored model. Each answers with the page of that model."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from labeller.learning import versions
from labeller.learning.models import ModelVersion
from labeller.projects.access import Access, LabellerRequest, managed_project_for
from labeller.projects.confirmation import confirmation_page


@require_POST
def pin(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, _: Access) -> str:
        versions.pin(version=version)
        return f"{version} is pinned: it goes on serving whatever the next runs make."

    return _done(request, slug, number, act)


@require_POST
def unpin(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, access: Access) -> str:
        versions.unpin(project_id=access.project.pk)
        return f"{version} is not pinned any more: a better model may take over."

    return _done(request, slug, number, act)


@require_POST
def serve(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, access: Access) -> str:
        versions.serve_again(version=version, requested_by=access.membership.user)
        return f"{version} serves as soon as it has read the texts. The present one goes on until then."

    return _done(request, slug, number, act)


@require_POST
def stay(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(_: ModelVersion, access: Access) -> str:
        versions.stay(project_id=access.project.pk)
        return "The present model goes on serving."

    return _done(request, slug, number, act)


@require_http_methods(["GET", "POST"])
def delete(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    version = get_object_or_404(ModelVersion, project=access.project, number=number)
    if request.method == "POST":
        return _done(request, slug, number, lambda version, _: _deleted(versions.delete(version=version)))
    found = versions.deletion(version)
    page = reverse("results-model", args=[slug, number])
    if found.why_not:
        messages.warning(request, f"{version} cannot be deleted. {found.why_not}")
        return redirect(page)
    return confirmation_page(
        request,
        access,
        question=f"Delete the files of model {number}?",
        effect=_effect(found),
        action=f"Delete the files of model {number}",
        back=page,
        section="results",
    )


def _done(request: HttpRequest, slug: str, number: int, act: Callable[[ModelVersion, Access], str]) -> HttpResponse:
    access = managed_project_for(request, slug)
    version = get_object_or_404(ModelVersion, project=access.project, number=number)
    try:
        messages.success(request, act(version, access))
    except versions.VersionRefused as refusal:
        messages.warning(request, str(refusal))
    return redirect("results-model", slug, number)


def _effect(found: versions.Deletion) -> str:
    told = f"This frees {filesizeformat(found.size)} and cannot be taken back."
    if found.dependants:
        numbers = ", ".join(str(one.number) for one in found.dependants)
        many = len(found.dependants) > 1
        told += (
            f" Model{'s' if many else ''} {numbers} read{'' if many else 's'} texts through it and"
            f" go{'' if many else 'es'} with it."
        )
    return f"{told} It can serve no more and cannot be downloaded. Its figures and its point of the curve stay."


def _deleted(found: versions.Deletion) -> str:
    return f"The files of model {found.version.number} are deleted; {filesizeformat(found.size)} are free again."

"""What a manager does with a stored model. Each answers with the page of that model."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from labeller.learning import versions
from labeller.learning.models import ModelVersion
from labeller.projects.access import Access, LabellerRequest, managed_project_for
from labeller.projects.confirmation import confirmation_page


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
def stay(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    def act(version: ModelVersion, access: Access) -> str:
        versions.stay(project_id=access.project.pk)
        return _("The present model goes on serving.")

    return _done(request, slug, number, act)


@require_http_methods(["GET", "POST"])
def delete(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    version = get_object_or_404(ModelVersion, project=access.project, number=number)
    if request.method == "POST":
        return _done(request, slug, number, lambda version, access: _deleted(versions.delete(version=version)))
    found = versions.deletion(version)
    page = reverse("results-model", args=[slug, number])
    if found.why_not:
        said = _("Model %(number)s cannot be deleted.") % _numbered(version)
        messages.warning(request, f"{said} {found.why_not}")
        return redirect(page)
    return confirmation_page(
        request,
        access,
        question=_("Delete the files of model %(number)s?") % _numbered(version),
        effect=_effect(found),
        action=_("Delete the files of model %(number)s") % _numbered(version),
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
    told = [_("This frees %(size)s and cannot be taken back.") % {"size": filesizeformat(found.size)}]
    if found.dependants:
        with_it = ngettext(
            "Model %(numbers)s reads texts through it and goes with it.",
            "Models %(numbers)s read texts through it and go with it.",
            len(found.dependants),
        )
        told.append(with_it % {"numbers": ", ".join(str(one.number) for one in found.dependants)})
    told.append(_("It can serve no more and cannot be downloaded. Its figures and its point of the curve stay."))
    return " ".join(told)


def _deleted(found: versions.Deletion) -> str:
    said = _("The files of model %(number)s are deleted; %(size)s are free again.")
    return said % (_numbered(found.version) | {"size": filesizeformat(found.size)})


def _numbered(version: ModelVersion) -> dict[str, object]:
    return {"number": version.number}

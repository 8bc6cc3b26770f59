"""Archiving a project, and what its managers may do with it then."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from labeller.projects import archiving
from labeller.projects.access import LabellerRequest, managed_project_for
from labeller.projects.confirmation import confirmation_page


@require_http_methods(["GET", "POST"])
def archive(request: LabellerRequest, slug: str) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    name = {"project": access.project}
    if request.method != "POST":
        return confirmation_page(
            request,
            access,
            question=_("Archive “%(project)s”?") % name,
            effect=_(
                "It leaves everybody's list, and none of its pages opens any more. Imports and runs that are under way "
                "are cancelled. Nothing else is lost: your list of projects can bring it back."
            ),
            action=_("Archive"),
            back=reverse("project-settings", args=[slug]),
            tab="project",
        )
    if archiving.archive(project=access.project):
        messages.success(request, _("“%(project)s” is archived. You find it below your projects.") % name)
    return redirect("projects")


@require_POST
def bring_back(request: LabellerRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug, archived_too=True)
    name = {"project": access.project}
    if archiving.bring_back(project=access.project):
        messages.success(request, _("“%(project)s” is open again.") % name)
        return redirect("project", slug)
    access.project.refresh_from_db()
    if access.project.is_going:
        messages.error(request, _("“%(project)s” is being deleted; it cannot be brought back.") % name)
        return redirect("projects")
    return redirect("project", slug)

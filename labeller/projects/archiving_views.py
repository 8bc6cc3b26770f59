"""Archiving a project, and what its managers may do with it then."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from labeller.projects import archiving, deleting, selectors
from labeller.projects.access import LabellerRequest, managed_project_for
from labeller.projects.confirmation import confirmation_page
from labeller.projects.forms import DeletionForm
from labeller.projects.models import Project
from labeller.projects.tiles import how_far


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
                "are cancelled. Nothing else is lost: you can bring it back from your list of projects."
            ),
            action=_("Archive"),
            back=reverse("project-settings", args=[slug]),
            tab="project",
            may_be_undone=True,
        )
    if archiving.archive(project=access.project, by=request.user):
        messages.success(request, _("“%(project)s” is archived. You find it below your projects.") % name)
    return redirect("projects")


@require_POST
def bring_back(request: LabellerRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug, archived_too=True)
    name = {"project": access.project}
    if archiving.bring_back(project=access.project, by=request.user):
        messages.success(request, _("“%(project)s” is open again.") % name)
        return redirect("project", slug)
    if selectors.is_open(access.project):
        return redirect("project", slug)
    messages.error(request, _("“%(project)s” is being deleted; it cannot be brought back.") % name)
    return redirect("projects")


@require_http_methods(["GET", "POST"])
def delete(request: LabellerRequest, slug: str) -> HttpResponse:
    """GET asks for the name; POST hands the project to a worker."""
    project = managed_project_for(request, slug, archived_too=True).project
    name = {"project": project}
    if not project.is_archived:
        return _archive_it_first(request, project)
    form = DeletionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            asked = deleting.ask_for_deletion(project=project, name=form.cleaned_data["name"], by=request.user)
            if not asked and selectors.is_open(project):  # somebody has brought it back in this moment
                return _archive_it_first(request, project)
            messages.success(request, _("“%(project)s” is being deleted. You can leave this page.") % name)
            return redirect("projects")
        except deleting.WrongName as wrong:
            form.add_error("name", str(wrong))
    if project.is_going:
        return redirect("projects")
    # Without `project`: the bar on top would lead to pages that are closed.
    context = {
        "name": project.name,
        "slug": slug,
        "how_far": how_far([project.pk]).get(project.pk),
        "is_last": selectors.is_last_managed(request.user, project),
        "form": form,
    }
    return render(request, "projects/delete.html", context, status=422 if form.is_bound else 200)


@require_GET
def archived(request: LabellerRequest) -> HttpResponse:
    """The part of the list of projects that asks for itself while one is being deleted. 204 while nothing changes."""
    shown = selectors.archived_of(request.user)
    if request.GET.get("seen", "") == shown.marker:
        return HttpResponse(status=204)
    return render(request, "projects/_archived.html", {"archived": shown})


def _archive_it_first(request: LabellerRequest, project: Project) -> HttpResponse:
    messages.warning(request, _("Archive “%(project)s” first: at the foot of this page.") % {"project": project})
    return redirect("project-settings", project.slug)

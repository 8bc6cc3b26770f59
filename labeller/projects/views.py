"""The list of projects, a new one, the overview of one, and its settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labeller.projects import guidelines, selectors
from labeller.projects.access import LabellerRequest, managed_project_for, project_for
from labeller.projects.forms import NewProjectForm, ProjectForm
from labeller.projects.labels import LabelError
from labeller.projects.overview import next_step, panels_for
from labeller.projects.services import AlreadyMade, AuditRefused, change_settings, create_project
from labeller.projects.tiles import tiles_of


@require_GET
def projects(request: LabellerRequest) -> HttpResponse:
    context = {
        "tiles": tiles_of(request.user),
        "archived": selectors.archived_of(request.user),
        "may_create": selectors.may_create_projects(request.user),
    }
    return render(request, "projects/projects.html", context)


@require_http_methods(["GET", "POST"])
def new(request: LabellerRequest) -> HttpResponse:
    if not selectors.may_create_projects(request.user):
        raise PermissionDenied(_("New projects are made by staff and by managers of a project. Ask one of them."))
    form = NewProjectForm(request.POST or None)
    if form.is_valid():
        try:
            project = create_project(manager=request.user, **form.cleaned_data)
        except AlreadyMade as before:
            messages.info(request, str(before))
            return redirect("project", before.project.slug)
        except LabelError as error:
            form.add_error("labels", str(error))
        else:
            return redirect("project", project.slug)
    return render(request, "projects/new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
def overview(request: LabellerRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    project, membership = access.project, access.membership
    labels = list(project.labels.all())
    shown = panels_for(project, membership)
    page = {"project": project, "membership": membership, "section": "project"}
    context: dict[str, Any] = page | {
        "labels": labels,
        "labels_shown": any(panel.shows_labels for panel in shown),
        "members": selectors.members_of(project),
        "panels": [
            render_to_string(panel.template, page | panel.context, request) for panel in shown if panel.template
        ],
        "next": next_step(project, membership, shown, len(labels)),
        "guidelines": guidelines.render(project.guidelines),
    }
    return render(request, "projects/overview.html", context)


@require_http_methods(["GET", "POST"])
def settings(request: LabellerRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    project = access.project
    stored = {name: getattr(project, name) for name in ProjectForm.base_fields}
    form = ProjectForm(request.POST if request.method == "POST" else None, initial=stored)
    # What earlier answers and embeddings rest on is shown and cannot be changed: a disabled field ignores the request.
    form.fields["kind"].disabled = selectors.labels_in_use(project)
    form.fields["encoder"].disabled = selectors.is_started(project)
    if form.is_valid():
        try:
            # What this form left alone is not written: somebody may have changed it since the project was read.
            said = {name: value for name, value in form.cleaned_data.items() if value != stored[name]}
            change_settings(project=project, by=request.user, **said)
            messages.success(request, _("Saved."))
            return redirect("project-settings", slug)
        except AuditRefused as refused:
            form.add_error("audit", str(refused))
    context = {"project": project, "membership": access.membership, "section": "settings", "tab": "project"}
    return render(request, "projects/settings.html", context | {"form": form}, status=422 if form.is_bound else 200)

"""The status every page polls, the manager's two buttons, and models to take away."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from labeller.learning import exports, selectors, services
from labeller.learning.models import ModelExport, ModelVersion, TrainingRun
from labeller.learning.versions import VersionRefused
from labeller.projects.access import managed_project_for, project_for


@require_GET
def status(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    context = {
        "project": access.project,
        "membership": access.membership,
        "learning": selectors.learning_status(access.project),
    }
    return render(request, "learning/_status.html", context)


@require_POST
def start_run(request: HttpRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    try:
        services.start_full(project=access.project, requested_by=access.membership.user)
    except services.RunRefused as refusal:
        messages.warning(request, str(refusal))
    return back(request, slug)


@require_POST
def start_embedding(request: HttpRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    services.start_embedding(project=access.project, requested_by=access.membership.user)
    return back(request, slug)


@require_POST
def cancel_run(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    access = managed_project_for(request, slug)
    run = get_object_or_404(TrainingRun, project=access.project, key=key)
    if not services.cancel(run=run):
        messages.info(request, _("That run had finished already."))
    return back(request, slug)


@require_POST
def export_model(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    access = managed_project_for(request, slug)
    version = get_object_or_404(ModelVersion, project=access.project, number=number)
    try:
        export = exports.request(version=version, requested_by=access.membership.user)
    except VersionRefused as refused:
        messages.warning(request, str(refused))
        return back(request, slug)
    return redirect("model-export-status", slug, export.key)


@require_GET
def export_status(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    access = project_for(request, slug)
    export = get_object_or_404(_exports_of(access.project.pk), key=key)
    context = {"project": access.project, "membership": access.membership, "section": "results", "export": export}
    context["no_worker"] = not export.is_finished and not selectors.workers_alive("training")
    # htmx's history restore wants the whole page though it sends HX-Request too.
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    response = render(request, "learning/_export.html" if fragment else "learning/export.html", context)
    response["Vary"] = "HX-Request"
    return response


@require_GET
def download(request: HttpRequest, slug: str, key: UUID) -> FileResponse | HttpResponse:
    """The zip; without one the page that says why, where it can be built again."""
    access = project_for(request, slug)
    export = get_object_or_404(_exports_of(access.project.pk), key=key)
    path = exports.file_of(export) if export.state == ModelExport.State.DONE else None
    if path is None:
        return redirect("model-export-status", slug, export.key)
    name = f"{slug}-model-{export.version.number}.zip"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/zip")


def _exports_of(project_id: int) -> QuerySet[ModelExport]:
    return ModelExport.objects.select_related("version").filter(version__project_id=project_id)


def back(request: HttpRequest, slug: str) -> HttpResponse:
    """To the page the button stood on, when it is one of ours."""
    target = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = reverse("project", args=[slug])
    return redirect(target)

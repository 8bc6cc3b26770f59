"""The way of a file into the project: upload, mapping with preview, dry run, import, result."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from labeller.corpus import selectors, services
from labeller.corpus.downloads import refused_csv
from labeller.corpus.dry_run import is_quick, request_dry_run
from labeller.corpus.errors import CorpusError, FileRefused, ImportStateError, MappingError
from labeller.corpus.forms import ColumnsForm, LayoutForm, UploadForm
from labeller.corpus.import_words import import_words
from labeller.corpus.mapping import Mapping
from labeller.corpus.models import ImportJob
from labeller.corpus.preview import preview
from labeller.corpus.reasons import in_words
from labeller.corpus.testset import set_in_force
from labeller.projects.access import Access, LabellerRequest, managed_project_for


def _context(access: Access, job: ImportJob | None = None, **more: Any) -> dict[str, Any]:
    section = "results" if job and job.is_test else "data"
    return {"project": access.project, "membership": access.membership, "section": section, "job": job, **more}


def _job(access: Access, key: uuid.UUID) -> ImportJob:
    return get_object_or_404(ImportJob.objects.select_related("project"), project=access.project, key=key)


@require_http_methods(["GET", "POST"])
def new(request: LabellerRequest, slug: str) -> HttpResponse:
    return _upload(request, slug, ImportJob.Purpose.POOL)


@require_http_methods(["GET", "POST"])
def new_test(request: LabellerRequest, slug: str) -> HttpResponse:
    """The same for a file that only measures."""
    return _upload(request, slug, ImportJob.Purpose.TEST)


def _upload(request: LabellerRequest, slug: str, purpose: ImportJob.Purpose) -> HttpResponse:
    access = managed_project_for(request, slug)
    form = UploadForm(request.POST or None, request.FILES or None) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        file: UploadedFile[bytes] = form.cleaned_data["file"]
        try:
            job = services.store_upload(
                project=access.project,
                user=request.user,
                file_name=file.name or "file",
                chunks=file.chunks(),
                limit=settings.UPLOAD_LIMIT,
                purpose=purpose,
            )
        except FileRefused as error:
            form.add_error("file", in_words(str(error)))
        else:
            return redirect("import-map", slug, job.key)
    is_test = purpose == ImportJob.Purpose.TEST
    context = _context(access, form=form, is_test=is_test, replaced=set_in_force(access.project) if is_test else None)
    context["section"] = "results" if is_test else "data"
    return render(request, "corpus/import_new.html", context, status=422 if form.errors else 200)


def mapping_page(
    request: HttpRequest,
    access: Access,
    job: ImportJob,
    *,
    layout_form: LayoutForm | None = None,
    columns_form: ColumnsForm | None = None,
) -> HttpResponse:
    """The mapping with its preview; for htmx the part that follows a change."""
    mapping = Mapping.from_json(job.settings)
    table = preview(job, mapping)
    columns_form = columns_form or ColumnsForm(
        columns=table.names,
        multi=access.project.is_multi,
        is_test=job.is_test,
        initial=ColumnsForm.initial_of(mapping, table.names),
    )
    used = [name for name in table.names if name in (mapping.text, mapping.external_id, mapping.labels)]
    context = _context(
        access,
        job,
        mapping=mapping,
        preview=table,
        layout_form=layout_form or LayoutForm(initial=LayoutForm.initial_of(mapping.layout)),
        columns_form=columns_form,
        used=used,
        import_words=import_words(job),
        other_columns=[box for box in columns_form["metadata"] if box.data["value"] not in used],
        earlier=selectors.earlier_import_of(job),
        replaced=set_in_force(access.project) if job.is_test else None,
    )
    page = "corpus/_mapping.html" if request.headers.get("HX-Target") == "mapping" else "corpus/import_map.html"
    return render(request, page, context)


def _read_mapping(
    request: HttpRequest, access: Access, job: ImportJob, go_on: Callable[[], HttpResponse]
) -> HttpResponse:
    """Save the posted mapping, then go on; or show the page again: a form has errors, the layout changed and with it
    the columns, which somebody should look at first, or labels were chosen and nobody was asked yet what to do with
    them."""
    stored = Mapping.from_json(job.settings)
    layout_form = LayoutForm(request.POST)
    if not layout_form.is_valid():
        return mapping_page(request, access, job, layout_form=layout_form)
    layout = layout_form.layout(stored.layout)
    try:
        if layout != stored.layout:
            services.save_mapping(job=job, mapping=services.guess_again(job=job, layout=layout))
            return mapping_page(request, access, job)
    except FileRefused as error:
        layout_form.add_error("format", in_words(str(error)))
        return mapping_page(request, access, job, layout_form=layout_form)
    columns_form = ColumnsForm(
        request.POST, columns=preview(job, stored).names, multi=access.project.is_multi, is_test=job.is_test
    )
    if not columns_form.is_valid():
        return mapping_page(request, access, job, columns_form=columns_form)
    try:
        services.save_mapping(job=job, mapping=columns_form.mapping(layout))
    except ImportStateError as error:  # started from another tab, or while this page was still asking
        return _started_already(request, access, job, error)
    return mapping_page(request, access, job) if columns_form.asks_for_use else go_on()


def _makes_answers(job: ImportJob) -> bool:
    return not job.is_test and Mapping.from_json(job.settings).takes_answers


def _started_already(request: HttpRequest, access: Access, job: ImportJob, error: ImportStateError) -> HttpResponse:
    place = reverse("import-status", args=[access.project.slug, job.key])
    if "HX-Request" in request.headers:
        return HttpResponseClientRedirect(place)
    messages.error(request, str(error))
    return redirect(place)


@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest, slug: str, key: uuid.UUID) -> HttpResponse:
    """GET shows it; POST saves it, and tries it out when asked to (action=check)."""
    access = managed_project_for(request, slug)
    job = _job(access, key)
    if job.state != ImportJob.State.UPLOADED:
        return redirect("import-status", slug, job.key)
    if request.method == "GET":
        return mapping_page(request, access, job)

    def go_on() -> HttpResponse:
        # Whoever is about to make answers is told how many, without asking, where that takes no time.
        if request.POST.get("action") == "check" or (_makes_answers(job) and is_quick(job)):
            request_dry_run(job=job)
        return mapping_page(request, access, job) if "HX-Request" in request.headers else redirect(request.path)

    return _read_mapping(request, access, job, go_on)


@require_POST
def run(request: HttpRequest, slug: str, key: uuid.UUID) -> HttpResponse:
    """Start it, with the mapping posted along, if any; a failed one goes on with the mapping it had."""
    access = managed_project_for(request, slug)
    job = _job(access, key)

    def go_on() -> HttpResponse:
        try:
            services.start_import(job=job)
        except (ImportStateError, MappingError) as error:
            messages.error(request, str(error))
        return redirect("import-map" if job.state == ImportJob.State.UPLOADED else "import-status", slug, job.key)

    if "format" in request.POST and job.state == ImportJob.State.UPLOADED:
        return _read_mapping(request, access, job, go_on)
    return go_on()


@require_POST
def cancel(request: HttpRequest, slug: str, key: uuid.UUID) -> HttpResponse:
    access = managed_project_for(request, slug)
    job = _job(access, key)
    waiting = job.state == ImportJob.State.UPLOADED
    try:
        services.cancel_import(job=job)
    except CorpusError as error:
        messages.error(request, str(error))
        return redirect("import-status", slug, job.key)
    if waiting:
        messages.success(request, _("%(file)s was thrown away. Nothing was imported.") % {"file": job.file_name})
        return redirect("import-new-test" if job.is_test else "data", slug)
    return redirect("import-status", slug, job.key)


@require_GET
def status(request: LabellerRequest, slug: str, key: uuid.UUID) -> HttpResponse:
    """The page of a started import, and for htmx its moving part; of a waiting one, its dry run."""
    access = managed_project_for(request, slug)
    job = _job(access, key)
    fragment = bool(request.htmx) and not request.htmx.history_restore_request
    waiting = job.state == ImportJob.State.UPLOADED
    if waiting and not fragment:
        return redirect("import-map", slug, job.key)
    page = "corpus/_dry_run.html" if waiting else "corpus/_import_status.html"
    context = _context(access, job, refusals=selectors.first_refusals(job), stalled=selectors.waits_long(job))
    if waiting:
        context |= {"mapping": Mapping.from_json(job.settings), "import_words": import_words(job), "is_part": True}
    return render(request, page if fragment else "corpus/import_status.html", context)


@require_GET
def refused(request: HttpRequest, slug: str, key: uuid.UUID) -> StreamingHttpResponse:
    """Every refused line as CSV, streamed."""
    access = managed_project_for(request, slug)
    job = _job(access, key)
    response = StreamingHttpResponse(refused_csv(job), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="refused.csv"'
    return response

"""The report as a page, for every member, and as one file to hand on, for managers."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from labeller.insight.markers import models_on
from labeller.insight.measured_on import ground_of
from labeller.insight.report import report_of
from labeller.projects.access import managed_project_for, project_for

STYLES = Path("static") / "css" / "report.css"  # the page links to it, the file has it inside


@require_GET
def report(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    context = {"project": access.project, "membership": access.membership, "section": "results"}
    ground = ground_of(access.project, request.GET)
    context |= {"ground": ground, "newer": models_on(access.project, ground)}
    return render(
        request, "insight/report.html", context | {"report": report_of(access.project, access.membership, ground)}
    )


@require_GET
def report_file(request: HttpRequest, slug: str) -> HttpResponse:
    """One .html without a script or a link, which allows itself its own style and nothing else."""
    access = managed_project_for(request, slug)
    report = report_of(access.project, access.membership, ground_of(access.project, request.GET))
    styles = (settings.BASE / STYLES).read_text(encoding="utf-8")
    policy = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(styles.encode()).digest()).decode()}'"
    context = {
        "report": report,
        "styles": mark_safe(styles),  # noqa: S308 - our own file
        "policy": mark_safe(policy),  # noqa: S308 - of our own words and a digest
    }
    name = f"{access.project.slug}-report-{report.made_at:%Y-%m-%d}.html"
    return HttpResponse(
        render_to_string("insight/report_file.html", context),
        content_type="text/html; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

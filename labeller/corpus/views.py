"""The data page: the texts of a project and the imports that brought them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeller.corpus import selectors
from labeller.projects.access import project_for


def _text_id(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else None


@require_GET
def data(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    page = selectors.texts(
        access.project, after=_text_id(request.GET.get("after")), before=_text_id(request.GET.get("before"))
    )
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "data",
        "page": page,
        "total": selectors.text_count(access.project),
        "imports": list(selectors.recent_imports(access.project)),
    }
    return render(request, "corpus/data.html", context)

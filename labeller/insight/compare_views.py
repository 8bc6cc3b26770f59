"""Two models compared on the audit texts or on the test file. Read only, for every member."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from labeller.corpus.models import Document
from labeller.corpus.testset import TestText
from labeller.insight import asked
from labeller.insight.answers import answers_on, source_of, version_of
from labeller.insight.comparison import Comparison, Pair, compare
from labeller.insight.markers import models_on
from labeller.insight.measured_on import ground_of
from labeller.insight.paired_f1 import paired_macro_f1
from labeller.insight.texts import read_texts
from labeller.learning.models import ModelVersion
from labeller.projects.access import project_for
from labeller.projects.models import Label, Project
from labeller.projects.selectors import merged_labels

SHOWN = 50  # changed texts each way


@require_GET
def compared(request: HttpRequest, slug: str) -> HttpResponse:
    """On the texts that both were measured on."""
    access = project_for(request, slug)
    project, ground = access.project, ground_of(access.project, request.GET)
    newer = models_on(project, ground)  # first: what changes while the page is built is news
    a, b = (_version(project, request.GET.get(key)) for key in ("a", "b"))
    found = compare(answers_on(a, ground), answers_on(b, ground), merged_labels(project.pk))
    context: dict[str, Any] = {
        "project": project,
        "membership": access.membership,
        "section": "results",
        "part": "models",
        "ground": ground,
        "kept": f"a={a.number}&b={b.number}&",
        "newer": newer,
        "a": a,
        "b": b,
        "found": found,
    }
    context |= _changed(found, list(Label.everything.filter(project=project)), source_of(ground))
    if project.is_multi and found.n:
        context["f1"] = paired_macro_f1(found.pairs)
    return render(request, "insight/compare.html", context)


def _version(project: Project, asked_for: str | None) -> ModelVersion:
    version = version_of(project, asked.number(asked_for))
    if version is None:
        raise Http404(_("Choose two models of this project."))
    return version


def _changed(found: Comparison, labels: list[Label], source: type[Document | TestText]) -> dict[str, Any]:
    """The first changed texts each way, with what the other model had said. Four queries."""

    def rows(pairs: list[Pair]) -> list[Any]:
        shown = pairs[:SHOWN]
        before, after = (read_texts([getattr(pair, side) for pair in shown], labels, source) for side in ("a", "b"))
        return list(zip(before, after, strict=True))

    return {"better": rows(found.better), "worse": rows(found.worse)}

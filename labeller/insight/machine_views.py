"""Labels that language models gave, measured against people's. Read only, for every member."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeller.annotation.machine import MachineAnnotator
from labeller.annotation.machine_selectors import pairs
from labeller.insight.machine import ENOUGH_TEXTS, Measure, Tally, measure, tallies
from labeller.projects.access import LabellerRequest, project_for
from labeller.projects.models import Membership, Project
from labeller.projects.overview import Panel


@require_GET
def machine(request: LabellerRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    labels = {label.pk: label for label in access.project.labels.all()}
    measured = [
        (one, [(labels[row.label], row) for row in one.labels]) for one in measures(access.project, list(labels))
    ]
    context = {"project": access.project, "membership": access.membership, "section": "results", "part": "machine"}
    return render(request, "insight/machine.html", context | {"measured": measured, "enough": ENOUGH_TEXTS})


def measures(project: Project, order: list[int]) -> list[Measure]:
    """Every language model of the project. A few queries for each 1,000 labelled texts."""
    annotators = _annotators(project)
    found = tallies(pairs(project)) if annotators else {}
    none = (Tally(), Tally())
    return [measure(one.name, one.texts, *found.get(one.pk, none), order) for one in annotators]


def machine_panel(project: Project, membership: Membership) -> Panel | None:
    """The way there, where there is something to see. One query."""
    annotators = _annotators(project)
    if not annotators:
        return None
    return Panel(order=45, template="insight/_machine_panel.html", context={"annotators": annotators})


class _Annotator(NamedTuple):
    pk: int
    name: str
    texts: int  # that it has labelled


def _annotators(project: Project) -> list[_Annotator]:
    current = Count("answers", filter=Q(answers__superseded_at=None))
    rows = MachineAnnotator.objects.filter(project=project).annotate(texts=current).order_by("name")
    return [_Annotator(*row) for row in rows.values_list("pk", "name", "texts")]

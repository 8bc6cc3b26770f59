"""The card that results add to a project's first page."""

from __future__ import annotations

from django.http import QueryDict

from labeller.insight import selectors
from labeller.insight.measured_on import ground_of, versions_on
from labeller.insight.testset_sentences import headline_on
from labeller.projects.models import Membership, Project
from labeller.projects.overview import Panel


def results_panel(project: Project, membership: Membership) -> Panel:
    """The sentence about accuracy. It asks for nothing: what is missing comes by labelling, which has its own card."""
    ground = ground_of(project, QueryDict())
    told = headline_on(selectors.standing(project, versions_on(project, ground)), ground)
    return Panel(order=40, template="insight/_panel.html", context={"project": project, "results_headline": told})

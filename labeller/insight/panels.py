"""The card that results add to a project's first page."""

from __future__ import annotations

from labeller.insight import selectors
from labeller.insight.sentences import headline
from labeller.projects.models import Membership, Project
from labeller.projects.overview import Panel


def results_panel(project: Project, membership: Membership) -> Panel:
    """The sentence about accuracy. It asks for nothing: what is missing comes by labelling, which has its own card."""
    standing = selectors.standing(project, selectors.versions(project))
    return Panel(
        order=40, template="insight/_panel.html", context={"project": project, "results_headline": headline(standing)}
    )

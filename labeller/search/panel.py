"""On the project's first page: the labels that no text carries yet, each with its search."""

from __future__ import annotations

from labeller.corpus.models import Document
from labeller.projects.models import Membership, Project
from labeller.projects.overview import Panel
from labeller.search.starting import starts

ORDER = 25
SHOWN = 12


def rare_labels_panel(project: Project, membership: Membership) -> Panel | None:
    """Only for those who may label, and where there is something to search."""
    if not membership.may_label or not Document.objects.filter(project=project).exists():
        return None
    found = starts(project)
    if not found:
        return None
    return Panel(ORDER, "search/_panel.html", {"starts": found[:SHOWN], "more": max(0, len(found) - SHOWN)})

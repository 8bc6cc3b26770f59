"""The model's card on the project's first page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from labeller.learning.encoders import encoder_status
from labeller.learning.selectors import learning_status, workers_alive
from labeller.projects.models import Membership, Project
from labeller.projects.overview import Panel

ORDER = 30
ENCODERS_ORDER = 31


def learning_panel(project: Project, membership: Membership) -> Panel:
    """The same status the other pages poll, with the one thing that may be wrong as the next step."""
    status = learning_status(project)
    step = None
    if "quick" in status.missing:
        step = _("No worker is running: start it with `make run` or `python manage.py up`.")
    elif status.full is not None and status.full.state == "failed" and membership.may_manage:
        step = _("The last full run failed. Read why below, then try again.")
    context = {"learning": status, "project": project, "membership": membership}
    return Panel(ORDER, "learning/_status.html", context, next_step=step)


def encoders_panel(project: Project, membership: Membership) -> Panel | None:
    """The language models compared: for managers, and only where there is a choice."""
    if not membership.may_manage:
        return None
    status = encoder_status(project, missing=[] if workers_alive("training") else ["training"])
    if status is None:
        return None
    step = None
    if status.is_open:
        step = _("Another language model suits your labels better: see the comparison below and decide.")
    context = {"encoders": status, "project": project, "membership": membership}
    return Panel(ENCODERS_ORDER, "learning/_encoders.html", context, next_step=step)

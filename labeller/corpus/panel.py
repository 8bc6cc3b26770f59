"""What the project's first page says about its texts."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from labeller.corpus import selectors
from labeller.projects.models import Membership, Project
from labeller.projects.overview import Panel


def texts_panel(project: Project, membership: Membership) -> Panel:
    total = selectors.text_count(project)
    running = selectors.unfinished_import(project)
    context = {"total": total, "running": running}
    if total or running:
        return Panel(10, "corpus/_panel.html", context)
    if membership.may_manage:
        step, url = _("There are no texts yet: import a file of them."), reverse("import-new", args=[project.slug])
        return Panel(10, "corpus/_panel.html", context, step, url, _("Import texts"))
    return Panel(
        10, "corpus/_panel.html", context, _("There are no texts yet. A manager of this project imports them.")
    )

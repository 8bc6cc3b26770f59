"""What the project's first page is made of. This app knows labels and members; the apps above it register what they
know (texts, answers, the queue, the model) in their AppConfig.ready, so that nothing here need import them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from labeller.projects.models import Membership, Project


@dataclass(frozen=True)
class Panel:
    """One card of the page, and perhaps the next thing to do."""

    order: int  # low first; also the order in which next steps are asked for: 10 texts, 20 answers, 30 the model
    template: str  # "" shows nothing: the panel only has a next step
    context: dict[str, Any] = field(default_factory=dict)
    next_step: str | None = None  # one sentence; None: nothing to do here
    next_url: str = ""
    next_action: str = ""  # the button's words; "" makes it "Go on"
    shows_labels: bool = False  # then the page does not list the labels a second time


PanelMaker = Callable[[Project, Membership], Panel | None]
panels: list[PanelMaker] = []


@dataclass(frozen=True)
class NextStep:
    sentence: str
    url: str = ""
    action: str = ""


def panels_for(project: Project, membership: Membership) -> list[Panel]:
    made = (maker(project, membership) for maker in panels)
    return sorted((panel for panel in made if panel is not None), key=lambda panel: panel.order)


def next_step(project: Project, membership: Membership, shown: list[Panel], label_count: int) -> NextStep:
    """What to do next in one sentence, from the real state: labels first, then what the panels ask for in order."""
    if label_count < 2:
        return _labels_first(project, membership, label_count)
    for panel in shown:
        if panel.next_step:
            return NextStep(panel.next_step, panel.next_url, panel.next_action or _("Go on"))
    return NextStep(_("Nothing is waiting to be done here."))


def _labels_first(project: Project, membership: Membership, label_count: int) -> NextStep:
    if not membership.may_manage:
        return NextStep(
            _("One label is not a choice. Its manager adds them.")
            if label_count
            else _("This project has no labels yet. Its manager adds them.")
        )
    sentence = (
        _("One label is not a choice: add the labels to choose from.")
        if label_count
        else _("This project has no labels yet: add the labels to choose from.")
    )
    return NextStep(sentence, reverse("labels", args=[project.slug]), _("Add labels"))

"""Every page of the product, with something on it and in its states: for tests that look at all of them.

Each file here sets up one area and tells the pages to look at, in their order. What all share is the stage.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from labeller.projects.models import Project, User
from tests.scenery import answers, loop, projects, results, texts
from tests.scenery.stage import Seen, Stage

__all__ = ["Seen", "scenery"]


@pytest.fixture
def scenery(
    project: Project, alice: User, bob: User, client_of: Callable[[User], Client], settings: Settings
) -> list[Seen]:
    """A project in the middle of its work, one that is finished, one of many labels, and an empty one."""
    call_command("build_charts", verbosity=0)
    stage = Stage(project, alice, bob, client_of(alice))
    settings.ENCODERS = settings.ENCODERS | {"legal-bert": "/srv/models/legal-bert"}  # so that there is a choice
    made = [area(stage) for area in (results.models, texts.pool, projects.others, projects.rules)]
    shown = [area(stage) for area in (projects.people, texts.imports, answers.labelling, answers.review, texts.search)]
    return [
        *(page for pages in (*made, *shown) for page in pages),
        *results.figures(stage),
        *results.runs(stage),
        *loop.states(stage),
    ]

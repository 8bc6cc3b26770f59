"""Projects with a model, before a test file comes.

They are committed, so that the run's heartbeat, which has a connection of its own, finds its row.
"""

from __future__ import annotations

import pytest

from labeller.learning.models import ModelVersion
from labeller.projects.models import Project, User
from tests.cast import add_texts, join, make_project
from tests.learning.exam.acts import label_some
from tests.learning.scene import KINDS, read, refit


@pytest.fixture(params=["single", "multi"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begun(transactional_db: None, bob: User, kind: str) -> Project:
    """Twenty-one texts in the pool, nine answered, one quick model."""
    return begin(make_project(kind), bob)


@pytest.fixture
def started(transactional_db: None, project: Project, bob: User) -> Project:
    """The same, with one label a text and the whole cast."""
    return begin(project, bob)


def begin(project: Project, bob: User) -> Project:
    if not project.memberships.filter(user=bob).exists():
        join(project, bob)
    add_texts(project, [text for row in zip(*(texts[:7] for texts in KINDS.values()), strict=True) for text in row])
    read(project)
    label_some(project, bob, upto=9)
    refit(project)
    assert ModelVersion.objects.count() == 1
    return project

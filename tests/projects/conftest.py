"""A project with a row in every table, and another one beside it, for what archives and deletes."""

from __future__ import annotations

import pytest

from labeller.projects import archiving, deleting
from labeller.projects.models import Project, Role, User
from tests.cast import join, make_project
from tests.projects.full_project import fill_every_table, put_files


@pytest.fixture
def no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """One turn does it, also on a slow machine."""
    monkeypatch.setattr(deleting, "MOST_PAUSE_S", 0.0)
    monkeypatch.setattr(deleting, "TURN_S", 600.0)


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was handed to the workers."""
    told: list[tuple[str, int]] = []
    monkeypatch.setattr("labeller.queueing.async_task", lambda task, pk, cluster: told.append((task, pk)))
    return told


@pytest.fixture
def other(alice: User) -> Project:
    """Another project, as full, that has to stay as it is."""
    other = make_project(name="Another")
    join(other, alice, Role.MANAGER)
    fill_every_table(other, alice)
    put_files(other)
    return other


@pytest.fixture
def full(other: Project, project: Project, alice: User) -> Project:
    """An archived project with a row in every table, and files."""
    fill_every_table(project, alice)
    put_files(project)
    archiving.archive(project=project)
    return project


@pytest.fixture
def asked(full: Project) -> Project:
    deleting.ask_for_deletion(project=full, name=full.name)
    return full

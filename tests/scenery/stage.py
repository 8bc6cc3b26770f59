"""What the areas of the scenery share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from labeller.projects.models import Project, User


def as_it_is() -> None:
    """Nothing is to be done before a page is looked at."""


@dataclass(frozen=True)
class Seen:
    """A page and how to get there."""

    name: str  # of its address
    path: str
    then: str = ""  # a key pressed or a selector clicked before axe looks
    given: Callable[[], object] = as_it_is  # done before the page is asked for; what it changes stays
    nobody: bool = False  # looked at by somebody who is not signed in


@dataclass(frozen=True)
class Stage:
    """Alice manages the project, Bob annotates in it; `client` is Alice's browser."""

    project: Project
    alice: User
    bob: User
    client: Client

    def of(self, name: str, *more: Any, query: str = "", then: str = "", project: Project | None = None) -> Seen:
        """A page of the project, or of another one."""
        return Seen(name, reverse(name, args=[(project or self.project).slug, *more]) + query, then)

    def called(self, name: str) -> Project:
        """Another project of the scenery."""
        return Project.objects.get(name=name)

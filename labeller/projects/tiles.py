"""The tiles of the list of projects, and how far each project is. Texts and answers are counted by the app above that
knows both; it registers itself in its AppConfig.ready."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.numerals import whole
from labeller.projects import selectors
from labeller.projects.models import Membership, User


@dataclass(frozen=True)
class HowFar:
    """How many of a project's texts are labelled."""

    labelled: int = 0
    texts: int = 0

    @property
    def sentence(self) -> str:
        if not self.texts:
            return _("No texts yet")
        return ngettext(
            "%(labelled)s of %(texts)s text labelled", "%(labelled)s of %(texts)s texts labelled", self.texts
        ) % {"labelled": whole(self.labelled), "texts": whole(self.texts)}


# Counts for all of these projects at once, by their ids; one that is missing has no texts.
counters: list[Callable[[Collection[int]], dict[int, HowFar]]] = []


@dataclass(frozen=True)
class Tile:
    membership: Membership
    how_far: HowFar


def tiles_of(user: User) -> list[Tile]:
    """The user's open projects, newest first. However many they are, two queries."""
    memberships = list(selectors.projects_of(user))
    counted = how_far([membership.project_id for membership in memberships])
    return [Tile(membership, counted.get(membership.project_id, HowFar())) for membership in memberships]


def how_far(project_ids: Collection[int]) -> dict[int, HowFar]:
    counted: dict[int, HowFar] = {}
    for count in counters if project_ids else ():
        counted |= count(project_ids)
    return counted

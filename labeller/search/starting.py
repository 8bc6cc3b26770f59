"""Where to begin with a label that no text carries yet: a search for the words it is called and described by."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from labeller.corpus.query import any_of, words_of
from labeller.projects.models import Label, Project
from labeller.search.selectors import unused_labels

MOST_WORDS = 6
LEAST_LETTERS = 3  # of a word of the name
SHOWN = 6  # beside a text
LEAST_TELLING = 6  # of a word of the description: shorter ones say little of what a text is about


@dataclass(frozen=True)
class Start:
    label: Label
    url: str


@dataclass(frozen=True)
class Beside:
    """The first of them, and how many there are besides."""

    project: Project
    starts: list[Start]
    more: int

    @classmethod
    def of(cls, project: Project) -> Beside:
        """One query."""
        found = starts(project)
        return cls(project, found[:SHOWN], max(0, len(found) - SHOWN))


def words_for(label: Label) -> str:
    """What to type: any of the label's words, the name's before the description's."""
    named = [word.lower() for word in words_of(label.name.replace("_", " ")) if len(word) >= LEAST_LETTERS]
    told = [word.lower() for word in words_of(label.description) if len(word) >= LEAST_TELLING]
    return any_of(list(dict.fromkeys([*named, *told]))[:MOST_WORDS] or words_of(label.name))


def starts(project: Project) -> list[Start]:
    """The labels without a text, each with the address of its search. One query."""
    at = reverse("search", args=[project.slug])
    return [Start(label, f"{at}?{urlencode({'q': words_for(label)})}") for label in unused_labels(project)]

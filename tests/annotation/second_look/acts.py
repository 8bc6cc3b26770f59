"""Short verbs for the tests of second looks."""

from __future__ import annotations

from labeller.annotation.label_changes import split_label
from labeller.annotation.second_look import SecondLook
from labeller.projects.labels import Draft
from tests.annotation.acts import give, one
from tests.cast import add_texts


def split(project, label, *names, stays=False, by=None) -> SecondLook:
    names = names or ("Venue", "Law")
    look = split_label(project=project, label=label, drafts=[Draft(name) for name in names], stays=stays, by=by)
    project.refresh_from_db()
    return look


def both_say(project, people, label) -> None:
    """One text that several people answer with the same label."""
    project.overlap = len(people)
    project.save()
    add_texts(project, ["a"])
    for person in people:
        give(project, person, one(project, person), label)

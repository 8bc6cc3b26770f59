"""Which rows whoever changes a project locks, and in which order: the project, then the turn of its answers, then
labels. Two who lock in different orders wait for each other, until PostgreSQL ends one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from django.db import transaction

from labeller.projects.models import Label, Project

# A transaction in which nobody else answers in the project. Annotation, which knows the answers, registers it in its
# AppConfig.ready.
turns: list[Callable[[Project], AbstractContextManager[object]]] = []


def lock_project(project_id: int) -> Project:
    """Its row, until the transaction ends: changes of its labels, members and guidelines come one after the other.

    Nobody else waits. Each row that names the project locks it too when it is committed, but only against a change of
    its key, and PostgreSQL is told that none is meant.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project_id)


def lock_if_open(project_id: int) -> bool:
    """For whoever starts work in the project: whoever archives it in this moment waits for this row, and then finds the
    work to stop; or this waits, and says False."""
    row = Project.objects.select_for_update(no_key=True).filter(pk=project_id)
    return not any(row.values_list("archived_at", flat=True))


@contextmanager
def nobody_answers(project_id: int) -> Iterator[Project]:
    """For a label that may be deleted: an answer that is being given is there by now, the next finds the label gone. It
    would else name a label that goes before it is committed, and fail."""
    with transaction.atomic(), ExitStack() as held:
        project = lock_project(project_id)
        for turn in turns:
            held.enter_context(turn(project))
        yield project


def lock_to_delete(label: Label) -> Label | None:
    """Imports have no turn: a batch that names the label waits here for its deletion, or is there by now. None when it
    is gone."""
    return Label.everything.select_for_update().filter(pk=label.pk).first()

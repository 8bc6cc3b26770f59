"""Claims and answers of one project come in turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import connection, transaction

from labeller.annotation.models import ServingCounter
from labeller.prepared import Prepared
from labeller.projects.models import Project

COUNTED = [
    *("labelled", "audit_labelled", "audit_repeated", "second_looks"),
    *("pool_size", "pool_counted_at", "random_from", "looks_from", "audit_to", "audit_behind"),
]


_line = threading.Lock()


COUNTER = Prepared(
    lambda project: ServingCounter.objects.select_for_update().filter(project_id=project)[:1], project=int
)


@contextmanager
def turn(project: Project) -> Iterator[ServingCounter]:
    """A transaction that holds the project's lock. SQLite has one writer and lets the others ask again and again with
    growing pauses: under load the unlucky wait for seconds. So the threads of a process first wait in line here."""
    in_line = connection.vendor == "sqlite" and not connection.in_atomic_block
    with _line if in_line else nullcontext(), transaction.atomic():
        counter = _locked(project)
        before = [getattr(counter, name) for name in COUNTED]
        yield counter
        if before != [getattr(counter, name) for name in COUNTED]:
            counter.save(update_fields=COUNTED)


def _locked(project: Project) -> ServingCounter:
    """The project's counter, locked until the transaction ends: claims and answers of one project come in turn.

    So an answer committed between a claim's look and its insert cannot make it serve an answered text.
    """
    counter = COUNTER.first(project=project.pk)
    if counter is None:
        ServingCounter.objects.get_or_create(project=project)
        counter = COUNTER.first(project=project.pk)
        assert counter is not None
    return counter

"""In which order texts are read: those that people answered, those that are asked for next, then the rest.

A new encoder makes every embedding out of date at once. Of a large pool it first reads what the next hour needs, so
that it can be judged and the queue put in order; the rest follows while people label.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, QueueEntry, Source
from labeller.learning.bridges.pool import Ids, draws, reserve, texts_of
from labeller.projects.models import Project

READ_WHOLE = 12_000  # texts: a minute for short ones on two cores; what is read first of a larger pool is hardly fewer
READ_WHOLE_CHARACTERS = 1_800_000  # the same in characters, of which long texts have more
LENGTHS_OF = 500  # texts by whose mean length it is known how many that are
AUDIT_NEXT = 500  # texts of the audit's reserve: more than are asked for until the rest is read


@dataclass(frozen=True)
class Moment:
    """The answers, texts and queue that there were when a run began. What it does follows from them, not from what came
    since, so that it can be done again."""

    answers: frozenset[int]  # ids of annotations
    ids: Ids  # (P,) of the texts, ascending
    draw: NDArray[np.float64]  # (P,)
    queue: Ids  # (K,) of the texts asked for next, ascending


def in_order(project_id: int, moment: Moment | None = None) -> Ids:
    """Every text of the project (of that moment, else of now): those that people have answered, newest first, for the
    next head waits for them; then a share of the audit reserve and texts outside it side by side, each in the order of
    their draws, as they are served. Labels from a file come with the rest: there may be as many as texts."""
    ids, draw = (moment.ids, moment.draw) if moment else draws(project_id)
    if not len(ids):
        return ids
    threshold = reserve_below(Project.objects.get(pk=project_id), len(ids))
    # The place of a text within its own stream, 0..1; sorting by it deals both streams out evenly.
    place = np.where(draw < threshold, draw / max(threshold, 1e-9), (draw - threshold) / (1 - threshold))
    return _once([_answered(project_id, moment), ids[np.argsort(place, kind="stable")]])


def _answered(project_id: int, moment: Moment | None) -> Ids:
    """Texts that people have labelled, newest answer first."""
    answers = Annotation.objects.filter(project=project_id, status=Annotation.Status.LABELLED)
    answers = answers.exclude(source=Source.IMPORT).order_by("-id")
    if moment is None:
        return _ids(answers.filter(superseded_at=None).values_list("document_id", flat=True))
    rows = answers.filter(id__lte=max(moment.answers, default=0)).values_list("id", "document_id")
    return _ids(document_id for id_, document_id in rows if id_ in moment.answers)


def asked_next(project_id: int) -> Ids:
    """The texts in the project's queue, each once, ascending: they are read in this order, for no ranks are kept."""
    return np.unique(_ids(QueueEntry.objects.filter(project=project_id).values_list("document_id", flat=True)))


def read_first(project: Project, labelled: Ids, candidates: Ids, moment: Moment) -> Ids:
    """What a new encoder must have read before it can be judged and may serve: a small pool whole; of a large one, or
    one of long texts, the labelled texts, the queue of that moment, the audit's next, and `candidates`, of which the
    full run learns without labels, a random sample that is also what the first new queue is chosen from."""
    ids, draw = moment.ids, moment.draw
    if len(ids) <= soon_read(ids, draw):
        return in_order(project.pk, moment)
    waiting = np.setdiff1d(reserve(project, (ids, draw)), labelled)
    next_audit = waiting[np.argsort(draw[np.searchsorted(ids, waiting)], kind="stable")][:AUDIT_NEXT]
    return _once([labelled, moment.queue, next_audit, candidates])


def soon_read(ids: Ids, draw: NDArray[np.float64]) -> int:
    """How many of these texts (P,), with their draws (P,), an encoder reads in a minute or two: READ_WHOLE short ones,
    of long ones fewer. Follows from the texts alone. One query."""
    some = texts_of(ids[np.argsort(draw, kind="stable")[:LENGTHS_OF]])
    mean = sum(map(len, some)) / max(len(some), 1)
    return int(min(READ_WHOLE, READ_WHOLE_CHARACTERS / max(mean, 1.0)))


def _ids(values: Iterable[int]) -> Ids:
    return np.array(list(values), np.int64)


def _once(parts: list[Ids]) -> Ids:
    """One after the other, each id where it comes first."""
    together = np.concatenate(parts)
    first = np.unique(together, return_index=True)[1]
    once: Ids = together[np.sort(first)]
    return once

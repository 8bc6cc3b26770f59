"""In which order texts are read: those that people answered, those that are asked for next, then the rest.

A new encoder makes every embedding out of date at once. Of a large pool it first reads what the next hour needs, so
that it can be judged and the queue put in order; the rest follows while people label.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, QueueEntry, Source
from labeller.learning.bridge_pool import Ids, draws, reserve
from labeller.projects.models import Project

READ_WHOLE = 12_000  # texts: a minute for short ones on two cores; what is read first of a larger pool is hardly fewer
AUDIT_NEXT = 500  # texts of the audit's reserve: more than are asked for until the rest is read


def in_order(project_id: int) -> Ids:
    """Every text of the project: those that people have answered, newest first, for the next head waits for them; then
    a share of the audit reserve and texts outside it side by side, each in the order of their draws, as they are
    served. Labels from a file come with the rest: there may be as many as texts."""
    ids, draw = draws(project_id)
    if not len(ids):
        return ids
    threshold = reserve_below(Project.objects.get(pk=project_id), len(ids))
    # The place of a text within its own stream, 0..1; sorting by it deals both streams out evenly.
    place = np.where(draw < threshold, draw / max(threshold, 1e-9), (draw - threshold) / (1 - threshold))
    answered = Annotation.objects.filter(
        project=project_id, superseded_at=None, status=Annotation.Status.LABELLED
    ).exclude(source=Source.IMPORT)
    newest_first = answered.order_by("-id").values_list("document_id", flat=True)
    return _once([_ids(newest_first), ids[np.argsort(place, kind="stable")]])


def read_first(project: Project, labelled: Ids, candidates: Ids) -> Ids:
    """What a new encoder must have read before it can be judged and may serve: a small pool whole; of a large one the
    labelled texts, the present queue, the audit's next, and `candidates`, of which the full run learns without labels,
    a random sample that is also what the first new queue is chosen from."""
    ids, draw = draws(project.pk)
    if len(ids) <= READ_WHOLE:
        return in_order(project.pk)
    queue = QueueEntry.objects.filter(project=project).order_by("rank", "stream").values_list("document_id", flat=True)
    waiting = np.setdiff1d(reserve(project), labelled)
    next_audit = waiting[np.argsort(draw[np.searchsorted(ids, waiting)], kind="stable")][:AUDIT_NEXT]
    return _once([labelled, _ids(queue), next_audit, candidates])


def _ids(values: Iterable[int]) -> Ids:
    return np.array(list(values), np.int64)


def _once(parts: list[Ids]) -> Ids:
    """One after the other, each id where it comes first."""
    together = np.concatenate(parts)
    first = np.unique(together, return_index=True)[1]
    once: Ids = together[np.sort(first)]
    return once

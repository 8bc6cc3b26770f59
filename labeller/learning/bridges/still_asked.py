"""Which texts may be asked: those nobody has labelled, those that want another person's answer, and the audit's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db.models import Count, Min, Q, QuerySet
from numpy.typing import NDArray

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import AT_ONCE, NO_READING, Annotation, Source
from labeller.annotation.overlap import Overlap, turned
from labeller.learning.bridges.material import Refit
from labeller.learning.bridges.pool import Ids, draws
from labeller.projects.models import Project
from labeller.projects.selectors import who_label
from modelsvc.types import Rows

AUDIT_HEAD = 60
BEGUN_HEAD = 40  # for each person: pages hold a few, and the queue is made anew long before they are used up


@dataclass(frozen=True)
class Streams:
    """Rows of the pool that may be asked."""

    fresh: Rows  # nobody has read them for an answer: the candidates of the strategies
    begun: Rows  # somebody has, and they want another person's answer too; the first answered first
    audit: Rows  # the next of the reserve


def streams(material: Refit) -> Streams:
    """What may be asked now. A text that somebody has answered is no candidate of a strategy: it is like itself, so
    that every other text would come before it."""
    project = material.project
    ids, draw = draws(project.pk)
    threshold = reserve_below(project, len(ids))
    overlap = Overlap.of(project)
    answers = Annotation.objects.filter(project=project, superseded_at=None)
    asked = _answers_to(project, answers, ids)
    active = (draw >= threshold) & ~asked.closes(np.full(len(ids), overlap.of_others))
    begun = np.flatnonzero(active & (asked.first > 0))
    begun = ids[begun[np.argsort(asked.first[begun], kind="stable")]]
    # A file's labels may cover any part of the pool: the audit asks for those texts all the same.
    read = answers.exclude(source=Source.IMPORT)
    reserve = (draw < threshold) & ~_answers_to(project, read, ids).closes(_wanted_in_audit(overlap, draw))
    by_draw = ids[reserve][np.argsort(draw[reserve], kind="stable")]
    rows_of = material.pool.rows_of
    return Streams(
        rows_of(ids[active & (asked.first == 0)])[0],
        rows_of(_next_for_each(project, answers, begun))[0],
        rows_of(by_draw)[0][:AUDIT_HEAD],
    )


def _next_for_each(project: Project, answers: QuerySet[Annotation], begun: Ids) -> Ids:
    """Of the `begun` texts, in their order, the first that each person who may label has not answered. Not the first of
    all: those may wait for somebody who never comes."""
    if not len(begun):
        return begun
    people = list(who_label(project).values_list("user_id", flat=True))
    rows = answers.filter(annotator__in=people).order_by().values_list("annotator_id", "document_id")
    said = np.array(list(rows), np.int64).reshape(-1, 2)
    wanted = np.zeros(len(begun), bool)
    for person in people:
        waits = np.flatnonzero(~np.isin(begun, said[said[:, 0] == person, 1]))
        wanted[waits[:BEGUN_HEAD]] = True
    return begun[wanted]


def _wanted_in_audit(overlap: Overlap, draw: NDArray[np.float64]) -> NDArray[np.int64]:
    """(P,) how many answers each of these texts wants, if it is drawn."""
    shared = np.ones(len(draw), bool) if overlap.share is None else turned(draw) < overlap.share
    return np.where(shared, overlap.people, 1)


@dataclass(frozen=True)
class _Answers:
    """What people who may label now said to the texts of the project, (P,) each."""

    labelled: NDArray[np.int64]  # labels given, but for those to a gold text: nobody answers that one as another
    first: NDArray[np.int64]  # the id of the first that a person gave who read the text; 0: none
    over: NDArray[np.bool_]  # everybody answered or skipped it, or the review decided it

    def closes(self, wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(P,) which texts have all answers `wanted` (P,), or can have no more."""
        return (self.labelled >= wanted) | self.over


def _answers_to(project: Project, answers: QuerySet[Annotation], ids: Ids) -> _Answers:
    """Of these answers, to the texts `ids`, ascending. Nobody reads a text twice."""
    people = list(who_label(project).values_list("user_id", flat=True))
    labels = Q(status=Annotation.Status.LABELLED)
    counts = (
        answers.order_by()
        .values("document_id")
        .annotate(
            # People, not rows: a skip may stand beside the same person's imported label.
            given=Count("annotator_id", distinct=True, filter=Q(annotator__in=people)),
            labelled=Count("id", filter=labels & ~Q(source=Source.GOLD)),
            decided=Count("id", filter=Q(source=Source.REVIEW)),
            # A list labelled at once may be as long as a file, and nobody need have read it.
            first=Min("id", filter=labels & ~Q(source__in=NO_READING) & ~AT_ONCE, default=0),
        )
        .values_list("document_id", "given", "labelled", "decided", "first")
    )
    table = np.array(list(counts), np.int64).reshape(-1, 5)
    table = table[np.isin(table[:, 0], ids)]  # a text may have been imported since
    at = np.searchsorted(ids, table[:, 0])
    labelled, first, over = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64), np.zeros(len(ids), bool)
    labelled[at], first[at] = table[:, 2], table[:, 4]
    over[at] = (table[:, 1] >= max(len(people), 1)) | (table[:, 3] > 0)
    return _Answers(labelled, first, over)

"""Which texts may be asked: those nobody has labelled, those that want another person's answer, and the audit's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from django.db.models import Count, Min, Q, QuerySet
from numpy.typing import NDArray

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import NO_READING, Annotation, Source
from labeller.annotation.overlap import Overlap, turned
from labeller.learning.bridges.material import Refit
from labeller.learning.bridges.pool import Ids, draws
from labeller.projects.models import Project
from labeller.projects.selectors import who_label
from modelsvc.types import Rows

AUDIT_HEAD = 60


@dataclass(frozen=True)
class Streams:
    """Rows of the pool that may be asked."""

    fresh: Rows  # nobody has labelled them, or a file alone: the candidates of the strategies
    begun: Rows  # they want an answer from another person too; the first answered first
    audit: Rows  # the next of the reserve
    turn: int  # how many answers people have given


def streams(material: Refit) -> Streams:
    """What may be asked now. A text that somebody has labelled is no candidate of a strategy: it is like itself, so
    that every other text would come before it."""
    ids, draw = draws(material.project.pk)
    threshold = reserve_below(material.project, len(ids))
    overlap = Overlap.of(material.project)
    answers = Annotation.objects.filter(project=material.project, superseded_at=None)
    asked = _answers_to(material.project, answers, ids)
    active = (draw >= threshold) & ~asked.closes(np.full(len(ids), overlap.of_others))
    begun = np.flatnonzero(active & (asked.first > 0))
    fresh = ids[active & (asked.first == 0)]
    # A file's labels may cover any part of the pool: the audit asks for those texts all the same.
    read = answers.exclude(source=Source.IMPORT)
    reserve = (draw < threshold) & ~_answers_to(material.project, read, ids).closes(_wanted_in_audit(overlap, draw))
    by_draw = ids[reserve][np.argsort(draw[reserve], kind="stable")]
    return Streams(
        material.pool.rows_of(fresh)[0],
        material.pool.rows_of(ids[begun[np.argsort(asked.first[begun], kind="stable")]])[0],
        material.pool.rows_of(by_draw)[0][:AUDIT_HEAD],
        asked.given,
    )


def _wanted_in_audit(overlap: Overlap, draw: NDArray[np.float64]) -> NDArray[np.int64]:
    """(P,) how many answers each of these texts wants, if it is drawn."""
    shared = np.ones(len(draw), bool) if overlap.share is None else turned(draw) < overlap.share
    return np.where(shared, overlap.people, 1)


@dataclass(frozen=True)
class _Answers:
    """What people who may label now said to the texts of the project, (P,) each."""

    labelled: NDArray[np.int64]  # labels given, but for those to a gold text: nobody answers that one as another
    first: NDArray[np.int64]  # the id of the first label that a person read the text for; 0: none
    over: NDArray[np.bool_]  # everybody answered or skipped it, or the review decided it
    given: int  # answers to all texts together

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
            first=Min("id", filter=labels & ~Q(source__in=NO_READING), default=0),
        )
        .values_list("document_id", "given", "labelled", "decided", "first")
    )
    table = np.array(list(counts), np.int64).reshape(-1, 5)
    table = table[np.isin(table[:, 0], ids)]  # a text may have been imported since
    at = np.searchsorted(ids, table[:, 0])
    labelled, first, over = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64), np.zeros(len(ids), bool)
    labelled[at], first[at] = table[:, 2], table[:, 4]
    over[at] = (table[:, 1] >= max(len(people), 1)) | (table[:, 3] > 0)
    return _Answers(labelled, first, over, int(table[:, 1].sum()))

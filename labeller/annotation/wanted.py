"""Which texts still want an answer, and want it from this person, as the database reads it.

Written out once and prepared (labeller/prepared.py), for they run at every key press.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan

from labeller.annotation.models import NO_READING, Annotation, Lease, QueueEntry, Source
from labeller.annotation.overlap import Overlap
from labeller.corpus.models import Document
from labeller.prepared import Prepared

# Candidates read at once. One is enough unless another process wins the race for it.
HEAD = 3


def _in_hand(project: int, now: datetime) -> QuerySet[Lease]:
    """Gold texts are no part of any stream."""
    return Lease.objects.filter(project_id=project, closed_at=None, expires_at__gt=now).exclude(source=Source.GOLD)


def _counted(leases: QuerySet[Lease], column: str) -> QuerySet[Lease, Any]:
    """One row: how many different ones there are, and how many of them are of the audit."""
    counted = leases.values("project").annotate(
        texts=Count(column, distinct=True), audit=Count(column, distinct=True, filter=IS_AUDIT)
    )
    return counted.values_list("texts", "audit")


IS_AUDIT = Q(source=Source.AUDIT)
OPEN_LEASES = Prepared(lambda project, now: _counted(_in_hand(project, now), "id"), project=int, now=datetime)
UNANSWERED_IN_HAND = Prepared(
    lambda project, now: _counted(_in_hand(project, now).filter(~Exists(_readings("document_id"))), "document"),
    project=int,
    now=datetime,
)


def _readings(document: str) -> QuerySet[Annotation]:
    """Current labels that people gave to the text because it was served to them."""
    labelled = Annotation.objects.filter(
        document=OuterRef(document), superseded_at=None, status=Annotation.Status.LABELLED
    )
    return labelled.exclude(source__in=NO_READING)


@cache
def entries_wanted(overlap: Overlap, audit: bool) -> Prepared[QueueEntry]:
    """The head of one stream of the queue, best first, for one annotator."""

    def build(project: int, stream: str, annotator: int, now: datetime) -> QuerySet[QueueEntry]:
        wanted = _wanted("document_id", "document__draw", overlap, annotator, now, audit=audit)
        return QueueEntry.objects.filter(wanted, project_id=project, stream=stream).order_by("rank")[:HEAD]

    return Prepared(build, project=int, stream=str, annotator=int, now=datetime)


@cache
def documents_wanted(overlap: Overlap, audit: bool) -> Prepared[Document]:
    """Texts with `least` <= draw < `below`, in the order of their draws."""

    def build(project: int, least: float, below: float, annotator: int, now: datetime) -> QuerySet[Document]:
        found = texts_wanted(
            overlap, audit=audit, project=project, least=least, below=below, annotator=annotator, now=now
        )
        return found.order_by("draw")[:HEAD]

    return Prepared(build, project=int, least=float, below=float, annotator=int, now=datetime)


@cache
def documents_begun(overlap: Overlap) -> Prepared[Document]:
    """As `documents_wanted`, of the audit, only shared texts that somebody has answered for it."""

    def build(project: int, least: float, below: float, annotator: int, now: datetime) -> QuerySet[Document]:
        found = texts_begun(overlap, project=project, least=least, below=below, annotator=annotator, now=now)
        return found.order_by("draw")[:HEAD]

    return Prepared(build, project=int, least=float, below=float, annotator=int, now=datetime)


def texts_wanted(
    overlap: Overlap, *, audit: bool, project: int, least: float, below: float, annotator: int, now: datetime
) -> QuerySet[Document]:
    """All that `documents_wanted` has the first of, in any order."""
    wanted = _wanted("pk", "draw", overlap, annotator, now, audit=audit)
    return Document.objects.filter(wanted, project_id=project, draw__gte=least, draw__lt=below).order_by()


def texts_begun(
    overlap: Overlap, *, project: int, least: float, below: float, annotator: int, now: datetime
) -> QuerySet[Document]:
    """All that `documents_begun` has the first of, in any order."""
    wanted = texts_wanted(overlap, audit=True, project=project, least=least, below=below, annotator=annotator, now=now)
    return wanted.filter(Exists(_readings("pk").filter(IS_AUDIT)), overlap.is_shared("draw"))


def _wanted(document: str, draw: str, overlap: Overlap, annotator: int, now: datetime, *, audit: bool) -> Q:
    """The texts that still want an answer, and want it from this person.

    In the audit stream labels of a file are no answers: a file may cover any part of the pool, and the rest would be
    no random sample. Nowhere is the answer to a gold text one, but nobody reads a text twice.
    """
    answers = Annotation.objects.filter(document=OuterRef(document), superseded_at=None)
    if audit:
        answers = answers.exclude(source=Source.IMPORT)
    leases = Lease.objects.filter(document=OuterRef(document), closed_at=None, expires_at__gt=now)
    mine, ordinary = Q(annotator_id=annotator), ~Q(source=Source.GOLD)
    labelled = Q(status=Annotation.Status.LABELLED) & ordinary
    if overlap.people == 1 or (overlap.of_others == 1 and not audit):
        return ~Exists(answers.filter(mine | labelled)) & ~Exists(leases.filter(mine | ordinary))
    given = _count(answers.filter(labelled)) + _count(leases.filter(ordinary))
    wants = Q(LessThan(given, overlap.wanted_of_row(draw, audit=audit)))
    # A skipped or unsure answer counts for nobody else; one's own keeps the text away from oneself.
    decided = answers.filter(source=Source.REVIEW)
    return ~Exists(answers.filter(mine)) & ~Exists(decided) & ~Exists(leases.filter(mine)) & wants


def _count(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("document").annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))

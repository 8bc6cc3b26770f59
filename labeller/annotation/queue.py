"""Which text is served next. Learning fills the queue; this only reads it, and knows what to do when it is empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan

from labeller.annotation.audit import audit_is_due, reserve_below
from labeller.annotation.models import Annotation, Lease, QueueEntry, ServingCounter, Source
from labeller.annotation.signals import queue_order_asked
from labeller.corpus.models import Document
from labeller.prepared import Prepared
from labeller.projects.models import Project, User

# Candidates read at once. One is enough unless another process wins the race for it.
HEAD = 3

AUDIT_REASON = "Drawn at random, to measure the model honestly"
NO_MODEL_REASON = "In random order, until a model has read the texts"
NO_WORKER_REASON = "In random order: no worker is running to put the texts in order"


@dataclass(frozen=True)
class Candidate:
    """A text that may be served, with the facts its lease will freeze."""

    document: Document
    source: Source
    reason: str
    model_key: str = ""
    prediction: dict[str, float] | None = None
    probability: float | None = None


@dataclass(frozen=True)
class Asking:
    """Who asks, and the state of the project at this moment."""

    project: Project
    annotator: User
    counter: ServingCounter
    now: datetime

    def candidates(self) -> Iterator[Candidate]:
        """Texts for this person, best first, stream after stream: each stream is read only when it is needed."""
        audit_due = self.project.audit and audit_is_due(*self._handed_out())
        if audit_due:
            yield from self._audit()
        told: list[tuple[Any, Any]] = queue_order_asked.send(QueueEntry, project_id=self.project.pk)
        in_order = all(answer is not False for _, answer in told)
        if in_order:
            yield from self._active()
        yield from self._random(NO_MODEL_REASON if in_order else NO_WORKER_REASON)
        if self.project.audit and not audit_due:  # nothing else is left: the rest of the reserve is worth an answer too
            yield from self._audit()

    def _handed_out(self) -> tuple[int, int]:
        """(texts, audit texts) answered with labels or in somebody's hands now. The counters count answers, the stages
        of the audit texts: with overlap a text takes several answers."""
        texts, audit = next(iter(OPEN_LEASES.tuples(project=self.project.pk, now=self.now)), (0, 0))
        overlap = self.project.overlap
        return (self.counter.labelled + texts) // overlap, (self.counter.audit_labelled + audit) // overlap

    def _active(self) -> Iterator[Candidate]:
        for entry in self._entries(QueueEntry.Stream.ACTIVE):
            yield _from_entry(entry, Source.ACTIVE, entry.reason)

    def _audit(self) -> Iterator[Candidate]:
        """The reserve in the order of its draws; first the texts for which learning has frozen a prediction."""
        for entry in self._entries(QueueEntry.Stream.AUDIT):
            yield _from_entry(entry, Source.AUDIT, AUDIT_REASON)
        for document in self._documents(0.0, self._reserve_below(), audit=True):
            probability = 1 / self.counter.pool_size if self.counter.pool_size else None
            yield Candidate(document, Source.AUDIT, AUDIT_REASON, probability=probability)

    def _random(self, reason: str) -> Iterator[Candidate]:
        """The order of the draws is a random order. A watermark spares reading past all that was handed out before;
        at the end of the pool the search starts again at its beginning, for what came back or was imported since."""
        threshold = self._reserve_below()
        for least in (max(threshold, self.counter.random_from), threshold):
            for document in self._documents(least, 1.0):
                yield Candidate(document, Source.RANDOM, reason)

    def _reserve_below(self) -> float:
        return reserve_below(self.project, self.counter.pool_size)

    def _entries(self, stream: QueueEntry.Stream) -> list[QueueEntry]:
        audit = stream == QueueEntry.Stream.AUDIT
        return _entries(self.project.overlap, audit).all(stream=stream.value, **self._values())

    def _documents(self, least: float, below: float, *, audit: bool = False) -> list[Document]:
        return _documents(self.project.overlap, audit).all(least=least, below=below, **self._values())

    def _values(self) -> dict[str, Any]:
        return {"project": self.project.pk, "annotator": self.annotator.pk, "now": self.now}


OPEN_LEASES = Prepared(
    lambda project, now: (
        Lease.objects.filter(project_id=project, closed_at=None, expires_at__gt=now)
        .values("project")
        .annotate(texts=Count("id"), audit=Count("id", filter=Q(source=Source.AUDIT)))
        .values_list("texts", "audit")
    ),
    project=int,
    now=datetime,
)


@cache
def _entries(overlap: int, audit: bool) -> Prepared[QueueEntry]:
    """The head of one stream of the queue, best first, for one annotator."""

    def build(project: int, stream: str, annotator: int, now: datetime) -> QuerySet[QueueEntry]:
        wanted = _wanted("document_id", overlap, annotator, now, audit=audit)
        return QueueEntry.objects.filter(wanted, project_id=project, stream=stream).order_by("rank")[:HEAD]

    return Prepared(build, project=int, stream=str, annotator=int, now=datetime)


@cache
def _documents(overlap: int, audit: bool) -> Prepared[Document]:
    """Texts with `least` <= draw < `below`, in the order of their draws."""

    def build(project: int, least: float, below: float, annotator: int, now: datetime) -> QuerySet[Document]:
        wanted = _wanted("pk", overlap, annotator, now, audit=audit)
        part = Document.objects.filter(wanted, project_id=project, draw__gte=least, draw__lt=below)
        return part.order_by("draw")[:HEAD]

    return Prepared(build, project=int, least=float, below=float, annotator=int, now=datetime)


def _wanted(document: str, overlap: int, annotator: int, now: datetime, *, audit: bool) -> Q:
    """The texts that still want an answer, and want it from this person.

    In the audit stream labels of a file are no answers: a file may cover any part of the pool, and the rest would be
    no random sample.
    """
    answers = Annotation.objects.filter(document=OuterRef(document), superseded_at=None)
    if audit:
        answers = answers.exclude(source=Source.IMPORT)
    leases = Lease.objects.filter(document=OuterRef(document), closed_at=None, expires_at__gt=now)
    labelled = answers.filter(status=Annotation.Status.LABELLED)
    mine = Q(annotator_id=annotator)
    if overlap == 1:
        taken = answers.filter(mine | Q(status=Annotation.Status.LABELLED))
        return ~Exists(taken) & ~Exists(leases)
    given = _count(labelled) + _count(leases)
    decided = answers.filter(source=Source.REVIEW)
    # A skipped or unsure answer counts for nobody else; one's own keeps the text away from oneself.
    return (
        ~Exists(answers.filter(mine))
        & ~Exists(decided)
        & ~Exists(leases.filter(mine))
        & Q(LessThan(given, Value(overlap)))
    )


def _from_entry(entry: QueueEntry, source: Source, reason: str) -> Candidate:
    return Candidate(entry.document, source, reason, entry.model_key, entry.prediction, entry.probability)


def _count(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("document").annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))

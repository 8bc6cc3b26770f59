"""Which text is served next. Learning fills the queue; this only reads it, and knows what to do when it is empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import nextafter
from typing import Any

from labeller.annotation.audit import audit_is_due, catch_up_is_due, reserve_below
from labeller.annotation.gold_stream import Turn, gold_texts, gold_turn
from labeller.annotation.models import Lease, QueueEntry, ServingCounter, Source
from labeller.annotation.overlap import Overlap
from labeller.annotation.signals import queue_order_asked
from labeller.annotation.wanted import (
    OPEN_LEASES,
    UNANSWERED_IN_HAND,
    documents_begun,
    documents_wanted,
    entries_wanted,
)
from labeller.corpus.models import Document
from labeller.projects.models import Project, User

AUDIT_REASON = "Drawn at random, to measure the model honestly"
DRAWN_REASON = "Drawn at random"
SECOND_REASON = "Asked because it wants an answer from another person too"
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
    second_look_id: int | None = None


@dataclass(frozen=True)
class Asking:
    """Who asks, and the state of the project at this moment."""

    project: Project
    annotator: User
    counter: ServingCounter
    now: datetime
    shown: int | None = None  # version of the guidelines on the page that asks; None: the newest

    @property
    def overlap(self) -> Overlap:
        return Overlap.of(self.project)

    def candidates(self) -> Iterator[Candidate]:
        """Texts for this person, best first, a gold one before them now and then. Never a gold one alone: where
        nothing else is left, it would be known for what it is."""
        ordinary = self._ordinary()
        first = next(ordinary, None)
        if first is None:
            return
        if (turn := gold_turn(self.project)) is not None:
            yield from self._slipped_in(turn, first)
        yield first
        yield from ordinary

    @property
    def finds_any(self) -> bool:
        """Whether a text is left for this person that has come up for no second look."""
        return next(self._ordinary(), None) is not None

    def _slipped_in(self, turn: Turn, first: Candidate) -> Iterator[Candidate]:
        """A gold text that looks like the texts no model chose, as they are served to this person now. Where a model
        chooses all of theirs, as many are drawn as are gold: one that stood alone in its looks would be known."""
        gold = gold_texts(self.project, self.annotator, self._reserve_below())
        if not gold:
            return
        reason = self._reason_unchosen(first)
        if turn == Turn.GOLD:
            yield from (Candidate(document, Source.GOLD, reason or DRAWN_REASON) for document in gold)
        elif reason is None:
            yield from self._random(DRAWN_REASON)

    def _reason_unchosen(self, first: Candidate) -> str | None:
        """What is said of texts that no model chose among those this person is served anyhow; None: there are none."""
        if first.source != Source.ACTIVE:
            return first.reason
        still_audited = self.project.audit and next(self._audit(), None) is not None
        return AUDIT_REASON if still_audited else None

    def _ordinary(self) -> Iterator[Candidate]:
        """Stream after stream: each is read only when it is needed."""
        audit_due = self.project.audit and self._audit_is_due()
        if audit_due:
            yield from self._audit()
        told: list[tuple[Any, Any]] = queue_order_asked.send(QueueEntry, project_id=self.project.pk)
        in_order = all(answer is not False for _, answer in told)
        if in_order:
            yield from self._active()
        yield from self._random(NO_MODEL_REASON if in_order else NO_WORKER_REASON)
        if self.project.audit and not audit_due:  # nothing else is left: the rest of the reserve is worth an answer too
            yield from self._audit()

    def _audit_is_due(self) -> bool:
        texts, audit = self._handed_out()
        return audit_is_due(texts, audit) or (
            self.counter.audit_behind > 0 and catch_up_is_due(texts) and self._is_behind()
        )

    def _is_behind(self) -> bool:
        """Whether a text that the audit had passed over still waits; once none does, nobody looks for them again."""
        below = min(self.counter.audit_behind, self._reserve_below())
        if not self._documents(0.0, below, audit=True):
            self.counter.audit_behind = 0.0
        return self.counter.audit_behind > 0

    def _handed_out(self) -> tuple[int, int]:
        """(texts, audit texts) answered with labels or in somebody's hands now. The counters count answers, the stages
        of the audit texts: with overlap a text takes several answers. Where all texts do, each answer counts as its
        part of a text; where only some audit texts do, their further answers count for nothing."""
        counter, values = self.counter, {"project": self.project.pk, "now": self.now}
        if self.overlap.share is None:
            texts, audit = next(iter(OPEN_LEASES.tuples(**values)), (0, 0))
            people = self.overlap.people
            return (counter.labelled + texts) // people, (counter.audit_labelled + audit) // people
        texts, audit = next(iter(UNANSWERED_IN_HAND.tuples(**values)), (0, 0))
        repeated = counter.audit_repeated
        return counter.labelled - repeated + texts, counter.audit_labelled - repeated + audit

    def _active(self) -> Iterator[Candidate]:
        """Where several people answer each text, this person's turns change: a text that others have answered, then a
        new one. By what this person was served last, for people come and go, and each has answered other texts."""
        streams = [QueueEntry.Stream.ACTIVE]
        if self.overlap.of_others > 1:
            streams.insert(int(self._had_begun_one()), QueueEntry.Stream.BEGUN)
        for stream in streams:
            for entry in self._entries(stream):
                yield _from_entry(entry, Source.ACTIVE, entry.reason)

    def _had_begun_one(self) -> bool:
        """Whether others had answered the last text that this person was served from the order."""
        served = Lease.objects.filter(project=self.project, annotator=self.annotator, source=Source.ACTIVE)
        return served.order_by("-id").values_list("reason", flat=True).first() == SECOND_REASON

    def _audit(self) -> Iterator[Candidate]:
        """The reserve in the order of its draws; first the texts for which learning has frozen a prediction."""
        for entry in self._entries(QueueEntry.Stream.AUDIT):
            yield _from_entry(entry, Source.AUDIT, AUDIT_REASON)
        for document in self._documents(0.0, self._reserve_below(), audit=True):
            yield self._drawn(document)
        if self.overlap.share is not None and self.counter.audit_to >= self._reserve_below():
            for document in self._begun():
                yield self._drawn(document)

    def _drawn(self, document: Document) -> Candidate:
        probability = 1 / self.counter.pool_size if self.counter.pool_size else None
        return Candidate(document, Source.AUDIT, AUDIT_REASON, probability=probability)

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
        return entries_wanted(self.overlap, audit).all(stream=stream.value, **self._values())

    def _documents(self, least: float, below: float, *, audit: bool = False) -> list[Document]:
        return documents_wanted(self.overlap, audit).all(least=least, below=below, **self._values())

    def _begun(self) -> list[Document]:
        """Shared texts that somebody answered while they belonged to the reserve. It shrinks when the pool grows; what
        was promised to a text stays."""
        least, below = self._reserve_below(), nextafter(self.counter.audit_to, 1)
        return documents_begun(self.overlap).all(least=least, below=below, **self._values())

    def _values(self) -> dict[str, Any]:
        return {"project": self.project.pk, "annotator": self.annotator.pk, "now": self.now}


def _from_entry(entry: QueueEntry, source: Source, reason: str) -> Candidate:
    return Candidate(entry.document, source, reason, entry.model_key, entry.prediction, entry.probability)

"""Handing out texts: at most one open lease per text and slot, renewed while the page is open."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from labeller.annotation import second_look_serving
from labeller.annotation.models import Lease, ServingCounter, Source
from labeller.annotation.queue import Asking, Candidate
from labeller.annotation.suggestions import is_shown
from labeller.corpus.models import Document
from labeller.prepared import Prepared
from labeller.projects.models import Project, User

LEASE_LASTS = timedelta(minutes=10)
RENEW_WITH_LESS_THAN = timedelta(minutes=8)  # so that a fast annotator's requests do not write the same lease again
COUNT_POOL_EVERY = timedelta(seconds=20)
AHEAD = 5  # texts a page holds: the one being read and four that need no network

COUNTED = [
    *("labelled", "audit_labelled", "audit_repeated", "second_looks"),
    *("pool_size", "pool_counted_at", "random_from", "audit_to"),
]

_line = threading.Lock()

COUNTER = Prepared(
    lambda project: ServingCounter.objects.select_for_update().filter(project_id=project)[:1], project=int
)
HELD = Prepared(
    lambda project, annotator: Lease.objects.filter(
        project_id=project, annotator_id=annotator, closed_at=None
    ).order_by("id"),
    project=int,
    annotator=int,
)
HELD_DOCUMENTS = Prepared(
    lambda project, annotator: Document.objects.filter(
        pk__in=Lease.objects.filter(project_id=project, annotator_id=annotator, closed_at=None).values("document_id")
    ).order_by(),
    project=int,
    annotator=int,
)


@dataclass(frozen=True)
class Served:
    """A text in somebody's hands, and why it was asked. `prediction` maps label ids to probabilities."""

    key: uuid.UUID
    document_id: int
    external_id: str
    text: str
    metadata: dict[str, Any]
    source: str
    reason: str
    model_key: str
    prediction: dict[str, float] | None
    suggestion_shown: bool | None
    suggestion_policy: str
    until: datetime = field(compare=False)  # the lease's expiry


def serve(*, project: Project, annotator: User, count: int = AHEAD, afresh: bool = False) -> list[Served]:
    """Up to `count` texts for this person, leased for ten minutes: those already in hand first, oldest first.

    Fewer, or none, when no text is left that wants an answer from this person. More, when more are open already.
    `afresh`: every lease is renewed, however new it is, so that it has an expiry which no older page knows.
    """
    with turn(project) as counter:
        return hand_out(counter, project, annotator, count, LEASE_LASTS if afresh else RENEW_WITH_LESS_THAN)


def renew(*, project: Project, annotator: User) -> list[Served]:
    """The texts this person holds, each lease good for another ten minutes. Nothing new is handed out."""
    with turn(project):
        return _served(project, annotator, _renewed(project, annotator, timezone.now()))


def hand_out(
    counter: ServingCounter,
    project: Project,
    annotator: User,
    count: int = AHEAD,
    renewed_below: timedelta = RENEW_WITH_LESS_THAN,
) -> list[Served]:
    """`serve` inside a transaction that holds the project's lock."""
    now = timezone.now()
    held = _renewed(project, annotator, now, renewed_below)
    missing = count - len(held)
    if missing > 0:
        _count_pool(counter, now)
    for _ in range(missing):
        lease = _claim(Asking(project, annotator, counter, now))
        if lease is None:
            break
        held.append(lease)
    return _served(project, annotator, held)


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


def free_slot(document_id: int, wanted: int) -> int | None:
    """The lowest slot of the text that no open lease holds, or None when all are held."""
    held = set(in_hand(document_id).values_list("slot", flat=True))
    return next((slot for slot in range(wanted) if slot not in held), None)


def in_hand(document_id: int) -> QuerySet[Lease]:
    """The open leases that count towards the answers this text wants."""
    return Lease.objects.filter(document_id=document_id, closed_at=None).exclude(source=Source.GOLD)


def close_expired(document_id: int, now: datetime) -> None:
    in_hand(document_id).filter(expires_at__lte=now).update(closed_at=now)


def _renewed(project: Project, annotator: User, now: datetime, below: timedelta = RENEW_WITH_LESS_THAN) -> list[Lease]:
    """An expired lease that nobody took over is still in hand: the page was merely asleep."""
    held = HELD.all(project=project.pk, annotator=annotator.pk)
    if any(lease.expires_at - now < below for lease in held):
        until = now + LEASE_LASTS
        Lease.objects.filter(pk__in=[lease.pk for lease in held]).update(expires_at=until)
        for lease in held:
            lease.expires_at = until
    return held


def _claim(asking: Asking) -> Lease | None:
    again = second_look_serving.candidates(asking) if asking.counter.second_looks else ()
    for candidate in chain(again, asking.candidates()):
        audit = candidate.source == Source.AUDIT
        wanted = 1 if candidate.source == Source.GOLD else asking.overlap.wanted(candidate.document.draw, audit=audit)
        if wanted > 1:  # or an expired lease, renewed by a page that was asleep, would be one answer too many
            close_expired(candidate.document.pk, asking.now)
        lease = _insert(asking, candidate, wanted)
        if lease is None:  # an expired lease may still hold the slot, or somebody outside our lock was quicker
            close_expired(candidate.document.pk, asking.now)
            lease = _insert(asking, candidate, wanted)
        if lease is None:
            continue
        if candidate.second_look_id is not None:
            return lease  # out of turn: it moves no watermark
        if candidate.source == Source.RANDOM:
            asking.counter.random_from = candidate.document.draw
        elif audit:
            asking.counter.audit_to = max(asking.counter.audit_to, candidate.document.draw)
        return lease
    return None


def _insert(asking: Asking, candidate: Candidate, wanted: int) -> Lease | None:
    """A lease on the candidate, or None where the constraint says that the slot is held."""
    slot = 0 if wanted == 1 else free_slot(candidate.document.pk, wanted)
    if slot is None:
        return None
    try:
        with transaction.atomic():
            return _lease(asking, candidate, slot)
    except IntegrityError:
        return None


def _lease(asking: Asking, candidate: Candidate, slot: int) -> Lease:
    key = uuid.uuid4()
    return Lease.objects.create(
        key=key,
        suggestion_shown=is_shown(asking.project, candidate.source, candidate.prediction, key),
        suggestion_policy=asking.project.suggestions,
        project=asking.project,
        document=candidate.document,
        annotator=asking.annotator,
        slot=slot,
        source=candidate.source,
        reason=candidate.reason,
        model_key=candidate.model_key,
        prediction=candidate.prediction,
        probability=candidate.probability,
        pool_size=asking.counter.pool_size,
        second_look_id=candidate.second_look_id,
        expires_at=asking.now + LEASE_LASTS,
    )


def _count_pool(counter: ServingCounter, now: datetime) -> None:
    """Counting a large pool takes a while and it grows by imports only: once in a while is enough."""
    if counter.pool_counted_at is None or now - counter.pool_counted_at > COUNT_POOL_EVERY:
        counter.pool_size = Document.objects.filter(project_id=counter.project_id).count()
        counter.pool_counted_at = now


def _served(project: Project, annotator: User, held: list[Lease]) -> list[Served]:
    """The open leases of this person with their texts, which are read in one query. Deleted texts drop out."""
    documents = {row.pk: row for row in HELD_DOCUMENTS.all(project=project.pk, annotator=annotator.pk)} if held else {}
    return [_with_text(lease, documents[lease.document_id]) for lease in held if lease.document_id in documents]


def _with_text(lease: Lease, document: Document) -> Served:
    return Served(
        key=lease.key,
        document_id=document.pk,
        external_id=document.external_id,
        text=document.text,
        metadata=document.metadata,
        source=lease.source,
        reason=lease.reason,
        model_key=lease.model_key,
        prediction=lease.prediction,
        suggestion_shown=lease.suggestion_shown,
        suggestion_policy=lease.suggestion_policy,
        until=lease.expires_at,
    )

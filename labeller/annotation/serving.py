"""Handing out texts: five at a time, renewed while the page is open."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from labeller.annotation.claiming import claim
from labeller.annotation.in_hand import FORGOTTEN_AFTER, LEASE_LASTS, RENEW_WITH_LESS_THAN, renewed
from labeller.annotation.models import Lease, ServingCounter
from labeller.annotation.queue import Asking
from labeller.annotation.turn import turn
from labeller.corpus.models import Document
from labeller.prepared import Prepared
from labeller.projects.models import Project, User

COUNT_POOL_EVERY = timedelta(seconds=20)


AHEAD = 5  # texts a page holds: the one being read and four that need no network


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


def serve(
    *, project: Project, annotator: User, count: int = AHEAD, afresh: bool = False, shown: int | None = None
) -> list[Served]:
    """Up to `count` texts for this person, leased for ten minutes: those already in hand first, oldest first.

    Fewer, or none, when no text is left that wants an answer from this person. More, when more are open already.
    `afresh`: every lease is renewed, however new it is, so that it has an expiry which no older page knows.
    `shown`: the version of the guidelines on the page that asks, None for the newest.
    """
    with turn(project) as counter:
        renewed_below = LEASE_LASTS if afresh else RENEW_WITH_LESS_THAN
        return hand_out(counter, project, annotator, count, renewed_below, shown)


def renew(*, project: Project, annotator: User) -> list[Served]:
    """The texts this person holds, each lease good for another ten minutes. Nothing new is handed out."""
    with turn(project):
        return _served(project, annotator, renewed(project, annotator, timezone.now()))


def hand_out(
    counter: ServingCounter,
    project: Project,
    annotator: User,
    count: int = AHEAD,
    renewed_below: timedelta = RENEW_WITH_LESS_THAN,
    shown: int | None = None,
) -> list[Served]:
    """`serve` inside a transaction that holds the project's lock."""
    now = timezone.now()
    held = renewed(project, annotator, now, renewed_below, FORGOTTEN_AFTER)
    missing = count - len(held)
    if missing > 0:
        _count_pool(counter, now)
    for _ in range(missing):
        lease = claim(Asking(project, annotator, counter, now, shown))
        if lease is None:
            break
        held.append(lease)
    return _served(project, annotator, held)


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

"""Texts in hand: how long a lease lasts, whose it is, which slot of a text is free."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from labeller.annotation.models import Lease, Source
from labeller.prepared import Prepared
from labeller.projects.models import Project, User

LEASE_LASTS = timedelta(minutes=10)


RENEW_WITH_LESS_THAN = timedelta(minutes=8)  # so that a fast annotator's requests do not write the same lease again


# Its text would come first for ever, with the suggestion of a model long gone. A page that slept so long keeps what it
# shows, for it tells first that it is open, which renews.
FORGOTTEN_AFTER = timedelta(days=1)  # since the expiry


HELD = Prepared(
    lambda project, annotator: Lease.objects.filter(
        project_id=project, annotator_id=annotator, closed_at=None
    ).order_by("id"),
    project=int,
    annotator=int,
)


def renewed(
    project: Project,
    annotator: User,
    now: datetime,
    below: timedelta = RENEW_WITH_LESS_THAN,
    forgotten_after: timedelta | None = None,
) -> list[Lease]:
    """An expired lease that nobody took over is still in hand: the page was merely asleep. One that expired longer ago
    than `forgotten_after` is closed instead."""
    held = HELD.all(project=project.pk, annotator=annotator.pk)
    if forgotten_after is not None:
        held = _without_forgotten(held, now - forgotten_after, now)
    if any(lease.expires_at - now < below for lease in held):
        until = now + LEASE_LASTS
        Lease.objects.filter(pk__in=[lease.pk for lease in held]).update(expires_at=until)
        for lease in held:
            lease.expires_at = until
    return held


def _without_forgotten(held: list[Lease], before: datetime, now: datetime) -> list[Lease]:
    forgotten = [lease.pk for lease in held if lease.expires_at < before]
    if forgotten:
        Lease.objects.filter(pk__in=forgotten).update(closed_at=now)
    return [lease for lease in held if lease.expires_at >= before]


def free_slot(document_id: int, wanted: int) -> int | None:
    """The lowest slot of the text that no open lease holds, or None when all are held."""
    held = set(in_hand(document_id).values_list("slot", flat=True))
    return next((slot for slot in range(wanted) if slot not in held), None)


def texts_in_hand(project: Project, now: datetime) -> list[int]:
    """Ids of the texts that somebody has before them, or next in the page, at this moment."""
    held = Lease.objects.filter(project=project, closed_at=None, expires_at__gt=now)
    return list(held.values_list("document_id", flat=True).distinct())


def in_hand(document_id: int) -> QuerySet[Lease]:
    """The open leases that count towards the answers this text wants."""
    return Lease.objects.filter(document_id=document_id, closed_at=None).exclude(source=Source.GOLD)


def close_expired(document_id: int, now: datetime) -> None:
    in_hand(document_id).filter(expires_at__lte=now).update(closed_at=now)


def close_beyond(document_id: int, wanted: int, now: datetime) -> None:
    """Leave the text in as many hands as it wants answers: first those of pages that are awake, the oldest of them."""
    held = sorted(in_hand(document_id), key=lambda lease: (lease.expires_at <= now, lease.pk))
    if beyond := [lease.pk for lease in held[wanted:]]:
        Lease.objects.filter(pk__in=beyond).update(closed_at=now)

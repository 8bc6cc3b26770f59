"""The next text for one person, leased: at most one open lease per text and slot."""

from __future__ import annotations

import uuid
from itertools import chain

from django.db import IntegrityError, transaction

from labeller.annotation import second_look_serving
from labeller.annotation.in_hand import LEASE_LASTS, close_expired, free_slot
from labeller.annotation.models import Lease, Source
from labeller.annotation.queue import Asking, Candidate
from labeller.annotation.suggestions import is_shown


def claim(asking: Asking) -> Lease | None:
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
            asking.counter.looks_from = candidate.document.draw
            return lease  # out of turn: it moves no watermark of the streams
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

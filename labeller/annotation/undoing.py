"""Taking an answer back: its text comes into the same hands again, and what it had superseded is current again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.annotation.answers_wanted import answers_wanted, wants_another
from labeller.annotation.counting import count_answers
from labeller.annotation.in_hand import LEASE_LASTS, close_expired, free_slot, in_hand
from labeller.annotation.models import (
    AT_ONCE,
    BESIDE_ANSWERS,
    NOT_TAKEN_BACK,
    Annotation,
    Lease,
    ServingCounter,
    Source,
)
from labeller.annotation.second_look_serving import still_waits
from labeller.annotation.signals import tell_annotations_changed
from labeller.annotation.turn import turn
from labeller.projects.models import Project, User

Status = Annotation.Status


class UndoRefused(ValueError):
    """The answer cannot be taken back; the message says why."""


def undo(*, project: Project, annotator: User, key: uuid.UUID | None = None) -> Annotation | None:
    """Take back this person's newest answer, or the one with this `key`, and put its text in their hands again. What
    it had superseded (a label they imported, their answer from another tab) is current again. Without a key a list
    that was labelled at once stays as it is: it has an undo of its own, for all of its texts.

    With a key the call may be repeated without harm. Returns the annotation taken back, or None when there is none.
    Raises UndoRefused when the text is in somebody else's hands by now.
    """
    with turn(project) as counter:
        return _undo(counter, project, annotator, key)


def _undo(counter: ServingCounter, project: Project, annotator: User, key: uuid.UUID | None) -> Annotation | None:
    mine = Annotation.objects.filter(project=project, annotator=annotator).exclude(source__in=BESIDE_ANSWERS)
    if key is not None:
        annotation = mine.filter(key=key).first()
        if annotation is None or (annotation.superseded_at is not None and not annotation.aside):
            return annotation  # undone before, or replaced: there is nothing to take back
    else:
        annotation = mine.filter(NOT_TAKEN_BACK, ~AT_ONCE).order_by("-created_at", "-id").first()
        if annotation is None:
            return None
    now = timezone.now()
    Annotation.objects.filter(pk=annotation.pk).update(superseded_at=now, aside=False)
    reinstated = _still_theirs(annotation)
    _make_room(annotation, reinstated, project, now)  # before the reinstated rows count
    if reinstated:
        kept = Annotation.objects.filter(pk__in=[row.pk for row in reinstated])
        kept.update(superseded_at=None, superseded_by=None)
    count_answers(counter, added=reinstated, removed=[annotation])
    tell_annotations_changed(project.pk)
    annotation.superseded_at, annotation.aside = now, False
    return annotation


def _make_room(undone: Annotation, reinstated: list[Annotation], project: Project, now: datetime) -> None:
    """A second look is theirs to give again. A found text goes back to where it was found. Where this person's earlier
    answer stands again there is nothing to ask, but others may have answered since they passed. Else the text is wanted
    from them again. Raises UndoRefused."""
    if _look_again(undone, reinstated, now):
        return
    if undone.aside:
        raise UndoRefused(_("This text is being looked at again by now, or was, so your skip stays as it is."))
    if undone.source == Source.SEARCH:
        return
    if all(row.source == Source.IMPORT for row in reinstated):
        _reopen(undone, project, now)
        return
    skipped = undone.status != Status.LABELLED and undone.source != Source.GOLD  # gold is none of the answers it wants
    if skipped and any(row.status == Status.LABELLED for row in reinstated):
        close_expired(undone.document_id, now)  # renewed on waking they would bring an answer too many
        if not wants_another(undone, project, now):
            raise UndoRefused(_("Others have this text by now, so your skip stays as it is."))


def _look_again(undone: Annotation, reinstated: list[Annotation], now: datetime) -> bool:
    """Open this person's lease on the text again where the answer was a second look. False where it was none, or
    somebody else looks at the text by now or has done so."""
    leases = Lease.objects.filter(document_id=undone.document_id, annotator_id=undone.annotator_id)
    lease = leases.select_related("second_look").order_by("-id").first()
    if lease is None or lease.second_look is None or lease.created_at > undone.created_at:
        return False
    close_expired(undone.document_id, now)
    if lease.closed_at is None or in_hand(undone.document_id).exists():
        return False
    if not reinstated and not still_waits(lease.second_look, undone.document_id):
        return False
    lease.slot, lease.closed_at, lease.expires_at = 0, None, now + LEASE_LASTS
    lease.save(update_fields=["slot", "closed_at", "expires_at"])
    return True


def _reopen(annotation: Annotation, project: Project, now: datetime) -> None:
    """Open the newest lease of this person on the text again."""
    document_id = annotation.document_id
    if Annotation.objects.filter(document=document_id, superseded_at=None, source=Source.REVIEW).exists():
        raise UndoRefused(_("This text was decided in the review since, so this answer stays as it is."))
    close_expired(document_id, now)
    mine = Lease.objects.filter(document_id=document_id, annotator_id=annotation.annotator_id)
    if mine.filter(closed_at=None).exists():
        return
    lease = mine.order_by("-id").first()
    slot = 0 if annotation.source == Source.GOLD else free_slot(document_id, answers_wanted(annotation, project))
    if slot is None or lease is None or not wants_another(annotation, project, now):
        raise UndoRefused(_("Somebody else has this text by now, so this answer stays as it is."))
    lease.slot, lease.closed_at, lease.expires_at = slot, None, now + LEASE_LASTS
    lease.save(update_fields=["slot", "closed_at", "expires_at"])


def _still_theirs(undone: Annotation) -> list[Annotation]:
    """What this answer had superseded, except where that person has answered the text anew since."""
    rows = list(undone.supersedes.all())
    others = {row.annotator_id for row in rows if row.annotator_id != undone.annotator_id}
    anew: set[int] = set()
    if others:
        current = Annotation.objects.filter(document_id=undone.document_id, superseded_at=None, annotator_id__in=others)
        anew = set(current.values_list("annotator_id", flat=True))
    return [row for row in rows if row.annotator_id not in anew]

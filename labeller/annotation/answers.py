"""Answering and undoing. An annotation is a fact: these only ever add rows and mark older ones as superseded."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from labeller.annotation.models import Annotation, Lease, ServingCounter, Source
from labeller.annotation.serving import LEASE_LASTS, Served, close_expired, free_slot, hand_out, turn
from labeller.annotation.signals import tell_annotations_changed
from labeller.prepared import Prepared
from labeller.projects.models import Label, Project, User

Status = Annotation.Status
COMMENT_LIMIT = 2000
NOT_SERVED = (Source.IMPORT, Source.SEARCH)  # else a thousand texts labelled at once would make the audit due for days


LEASE = Prepared(
    lambda key, project, annotator: Lease.objects.filter(key=key, project_id=project, annotator_id=annotator)[:1],
    key=UUID,
    project=int,
    annotator=int,
)
EARLIER = Prepared(
    lambda key, document, annotator: Annotation.objects.filter(
        Q(key=key) | Q(document_id=document, annotator_id=annotator, superseded_at=None)
    ),
    key=UUID,
    document=int,
    annotator=int,
)
KNOWN_LABELS = Prepared(
    lambda project: Label.objects.filter(project_id=project).order_by().values_list("pk"), project=int
)


class AnswerRefused(ValueError):
    """The answer cannot be saved as it is; the message is a sentence for the person who gave it."""


class UndoRefused(ValueError):
    """The answer cannot be taken back; the message says why."""


@dataclass(frozen=True)
class Given:
    """What a person answered. `key` is the client's own: a second post of it changes nothing."""

    lease_key: uuid.UUID
    key: uuid.UUID
    status: str
    label_ids: Collection[int] = ()
    seconds: float | None = None
    comment: str = ""


def answer(
    *,
    project: Project,
    annotator: User,
    lease_key: uuid.UUID,
    key: uuid.UUID,
    status: str,
    label_ids: Collection[int] = (),
    seconds: float | None = None,
    comment: str = "",
) -> Annotation:
    """Save one answer to a text that this person was served. A second post of the same `key` returns the annotation
    that the first one made. An answer to an expired lease is accepted; it is this person's work.

    Raises AnswerRefused with a sentence when the text was not served to this person or the labels do not fit.
    """
    given = Given(lease_key, key, status, label_ids, seconds, comment)
    with turn(project) as counter:
        return _answer(counter, project, annotator, given)


def answer_and_serve(*, project: Project, annotator: User, given: Given) -> tuple[Annotation, list[Served]]:
    """The whole cycle of the page in one transaction: `answer`, then `serve`. Raises AnswerRefused."""
    with turn(project) as counter:
        return _answer(counter, project, annotator, given), hand_out(counter, project, annotator)


def _answer(counter: ServingCounter, project: Project, annotator: User, given: Given) -> Annotation:
    lease = LEASE.first(key=given.lease_key, project=project.pk, annotator=annotator.pk)
    earlier, replaced = _earlier(lease, annotator, given)
    if earlier is not None:
        return _same_answer(earlier, project, annotator)
    if lease is None:
        raise AnswerRefused("This text was not handed to you in this project. Reload the page for another one.")
    labels = checked_labels(project, given.status, given.label_ids)
    now = timezone.now()
    if replaced:  # before the insert: the constraint wants one current answer at most
        Annotation.objects.filter(pk__in=[row.pk for row in replaced]).update(superseded_at=now)
    annotation = _record(lease, given)
    if labels:
        through = Annotation.labels.through
        through._default_manager.bulk_create([through(annotation_id=annotation.pk, label_id=label) for label in labels])
    if replaced:
        Annotation.objects.filter(pk__in=[row.pk for row in replaced]).update(superseded_by=annotation)
    _close(lease, project, now)
    count_answers(counter, added=[annotation], removed=replaced)
    tell_annotations_changed(project.pk)
    return annotation


def undo(*, project: Project, annotator: User, key: uuid.UUID | None = None) -> Annotation | None:
    """Take back this person's newest answer, or the one with this `key`, and put its text in their hands again. What
    it had superseded (a label they imported, their answer from another tab) is current again.

    With a key the call may be repeated without harm. Returns the annotation taken back, or None when there is none.
    Raises UndoRefused when the text is in somebody else's hands by now.
    """
    with turn(project) as counter:
        return _undo(counter, project, annotator, key)


def _undo(counter: ServingCounter, project: Project, annotator: User, key: uuid.UUID | None) -> Annotation | None:
    mine = Annotation.objects.filter(project=project, annotator=annotator).exclude(source=Source.IMPORT)
    if key is not None:
        annotation = mine.filter(key=key).first()
        if annotation is None or annotation.superseded_at is not None:
            return annotation  # undone before, or replaced: there is nothing to take back
    else:
        annotation = mine.filter(superseded_at=None).order_by("-created_at", "-id").first()
        if annotation is None:
            return None
    now = timezone.now()
    annotation.superseded_at = now
    annotation.save(update_fields=["superseded_at"])
    if annotation.source != Source.SEARCH:  # found, not handed out: it goes back to where it was found
        _reopen(annotation, project, now)  # before the reinstated rows count: the text is wanted from this person again
    reinstated = list(annotation.supersedes.all())
    if reinstated:
        annotation.supersedes.update(superseded_at=None, superseded_by=None)
    count_answers(counter, added=reinstated, removed=[annotation])
    tell_annotations_changed(project.pk)
    return annotation


def _same_answer(earlier: Annotation, project: Project, annotator: User) -> Annotation:
    if earlier.annotator_id != annotator.pk or earlier.project_id != project.pk:
        raise AnswerRefused("This answer's key was used for another answer. Reload the page and answer again.")
    return earlier


def checked_labels(project: Project, status: str, label_ids: Collection[int]) -> list[int]:
    """The label ids, each once, in order. Raises AnswerRefused when they do not fit the status or the project."""
    wanted = sorted(set(label_ids))
    if status not in Status.values:
        raise AnswerRefused(f"The status {status!r} is not one of: {', '.join(Status.values)}.")
    if status != Status.LABELLED:
        if wanted:
            raise AnswerRefused(f"A text that is {status} takes no labels; {len(wanted)} were given.")
        return []
    if not project.is_multi and len(wanted) != 1:
        raise AnswerRefused(f"Each text of this project takes exactly one label; {len(wanted)} were given.")
    known = {label for (label,) in KNOWN_LABELS.tuples(project=project.pk)} if wanted else set()
    if unknown := [label for label in wanted if label not in known]:
        raise AnswerRefused(f"Label {unknown[0]} is not in this project any more. Reload the page to see its labels.")
    return wanted


def _earlier(lease: Lease | None, annotator: User, given: Given) -> tuple[Annotation | None, list[Annotation]]:
    """(the annotation that this key has made already, if any; this person's current rows that the new one supersedes).

    A skip or an unsure says nothing against a label that the person imported: that stays.
    """
    document = 0 if lease is None else lease.document_id
    found = EARLIER.all(key=given.key, document=document, annotator=annotator.pk)
    same = next((annotation for annotation in found if annotation.key == given.key), None)
    labels = given.status == Status.LABELLED
    return same, [row for row in found if row is not same and (labels or row.source != Source.IMPORT)]


def _record(lease: Lease, given: Given) -> Annotation:
    """The new row, with the facts frozen when the text was served."""
    return Annotation.objects.create(
        key=given.key,
        project_id=lease.project_id,
        document_id=lease.document_id,
        annotator_id=lease.annotator_id,
        status=given.status,
        source=lease.source,
        reason=lease.reason,
        model_key=lease.model_key,
        prediction=lease.prediction,
        probability=lease.probability,
        pool_size=lease.pool_size,
        seconds=None if given.seconds is None else max(0.0, given.seconds),
        comment=given.comment.strip()[:COMMENT_LIMIT],
    )


def _close(lease: Lease, project: Project, now: datetime) -> None:
    if lease.closed_at is None:
        Lease.objects.filter(pk=lease.pk).update(closed_at=now)
        return
    # A late answer: somebody else may hold the text by now. Take it back if it has all the answers it wants.
    if _answers(lease.document_id, lease.source) >= project.overlap:
        Lease.objects.filter(document_id=lease.document_id, closed_at=None).update(closed_at=now)


def _reopen(annotation: Annotation, project: Project, now: datetime) -> None:
    """Open the newest lease of this person on the text again."""
    document_id = annotation.document_id
    close_expired(document_id, now)
    others = _answers(document_id, annotation.source)
    held = Lease.objects.filter(document_id=document_id, closed_at=None)
    if held.filter(annotator_id=annotation.annotator_id).exists():
        return
    slot = free_slot(document_id, project.overlap)
    lease = Lease.objects.filter(document_id=document_id, annotator_id=annotation.annotator_id).order_by("-id").first()
    if slot is None or lease is None or others + held.count() >= project.overlap:
        raise UndoRefused("Somebody else has this text by now, so this answer stays as it is.")
    lease.slot, lease.closed_at, lease.expires_at = slot, None, now + LEASE_LASTS
    lease.save(update_fields=["slot", "closed_at", "expires_at"])


def _answers(document_id: int, source: str) -> int:
    """How many of the answers that a text served from `source` wants it has; the audit wants them from people."""
    labelled = Annotation.objects.filter(document_id=document_id, superseded_at=None, status=Status.LABELLED)
    return (labelled.exclude(source=Source.IMPORT) if source == Source.AUDIT else labelled).count()


def count_answers(counter: ServingCounter, *, added: list[Annotation], removed: list[Annotation]) -> None:
    """Keep the counters equal to the current labelled answers that were served (imported and found ones were not)."""
    labelled = sum(map(_counts, added)) - sum(map(_counts, removed))
    audit = sum(map(_counts_as_audit, added)) - sum(map(_counts_as_audit, removed))
    if labelled or audit:
        counter.labelled = max(0, counter.labelled + labelled)
        counter.audit_labelled = max(0, counter.audit_labelled + audit)


def _counts(annotation: Annotation) -> bool:
    return annotation.status == Status.LABELLED and annotation.source not in NOT_SERVED


def _counts_as_audit(annotation: Annotation) -> bool:
    return _counts(annotation) and annotation.source == Source.AUDIT

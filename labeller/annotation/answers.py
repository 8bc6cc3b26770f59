"""Answering. An annotation is a fact: this only ever adds rows and marks older ones as superseded."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.annotation.answers_wanted import answers_given, answers_wanted
from labeller.annotation.counting import count_answers
from labeller.annotation.given_labels import AnswerRefused, checked_labels
from labeller.annotation.in_hand import close_beyond
from labeller.annotation.models import BESIDE_ANSWERS, Annotation, Lease, ServingCounter, Source
from labeller.annotation.second_look_serving import settle_second_look
from labeller.annotation.serving import Served, hand_out
from labeller.annotation.signals import tell_annotations_changed
from labeller.annotation.suggestions import guess, policy_at_answer
from labeller.annotation.turn import turn
from labeller.prepared import Prepared
from labeller.projects.models import Project, User

Status = Annotation.Status


COMMENT_LIMIT = 2000


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


@dataclass(frozen=True)
class Said:
    """What a person says of a text. `key` is the client's own: a second post of it changes nothing."""

    key: uuid.UUID
    status: str
    label_ids: Collection[int] = ()
    seconds: float | None = None
    comment: str = ""
    guidelines_number: int | None = None  # what the page showed; None: the version of this moment

    @property
    def tidy_comment(self) -> str:
        return self.comment.strip()[:COMMENT_LIMIT]


@dataclass(frozen=True, kw_only=True)
class Given(Said):
    """An answer to a text as it was served."""

    lease_key: uuid.UUID


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
    given = Given(key, status, label_ids, seconds, comment, lease_key=lease_key)
    with turn(project) as counter:
        return _answer(counter, project, annotator, given)


def answer_and_serve(*, project: Project, annotator: User, given: Given) -> tuple[Annotation, list[Served]]:
    """The whole cycle of the page in one transaction: `answer`, then `serve`. Raises AnswerRefused."""
    with turn(project) as counter:
        made = _answer(counter, project, annotator, given)
        return made, hand_out(counter, project, annotator, shown=given.guidelines_number)


def _answer(counter: ServingCounter, project: Project, annotator: User, given: Given) -> Annotation:
    lease = LEASE.first(key=given.lease_key, project=project.pk, annotator=annotator.pk)
    earlier, replaced = _earlier(lease, annotator, given)
    if earlier is not None:
        return same_answer(earlier, project, annotator)
    if lease is None:
        raise AnswerRefused(_("This text was not handed to you in this project. Reload the page for another one."))
    lease.project = project  # known already: no query for it
    labels = checked_labels(project, given.status, given.label_ids)
    now = timezone.now()
    annotation = record(counter, lease, given, labels, replaced, now)
    _close(lease, project, now)
    tell_annotations_changed(project.pk)
    return annotation


def record(
    counter: ServingCounter,
    asked: Lease | Annotation,
    said: Said,
    labels: Collection[int],
    replaced: Collection[Annotation],
    now: datetime,
) -> Annotation:
    """The new row with the facts frozen when the text was asked; `replaced` are superseded by it."""
    stands = False
    if isinstance(asked, Lease) and asked.second_look_id is not None:
        replaced, stands = settle_second_look(asked, said.status, list(replaced))
    if replaced:  # before the insert: the constraint wants one current answer at most
        Annotation.objects.filter(pk__in=[row.pk for row in replaced]).update(superseded_at=now)
    annotation = _create(asked, said, _followed(asked, said, labels), aside_since=now if stands else None)
    if labels:
        through = Annotation.labels.through
        through._default_manager.bulk_create([through(annotation_id=annotation.pk, label_id=label) for label in labels])
    if replaced:
        Annotation.objects.filter(pk__in=[row.pk for row in replaced]).update(superseded_by=annotation)
    count_answers(counter, added=[annotation], removed=replaced)
    return annotation


def same_answer(earlier: Annotation, project: Project, annotator: User) -> Annotation:
    """The annotation that a key has made before. Raises AnswerRefused when the key was another's."""
    if earlier.annotator_id != annotator.pk or earlier.project_id != project.pk:
        raise AnswerRefused(_("This answer's key was used for another answer. Reload the page and answer again."))
    return earlier


def _earlier(lease: Lease | None, annotator: User, given: Given) -> tuple[Annotation | None, list[Annotation]]:
    """(the annotation that this key has made already, if any; this person's current rows that the new one supersedes).

    A skip or an unsure says nothing against a label that the person imported: that stays. So does a decision.
    """
    document = 0 if lease is None else lease.document_id
    found = EARLIER.all(key=given.key, document=document, annotator=annotator.pk)
    same = next((annotation for annotation in found if annotation.key == given.key), None)
    kept = [Source.REVIEW] if given.status == Status.LABELLED else BESIDE_ANSWERS
    return same, [row for row in found if row is not same and row.source not in kept]


def _create(
    asked: Lease | Annotation, said: Said, followed: bool | None, *, aside_since: datetime | None = None
) -> Annotation:
    newest = asked.project.guidelines_number
    shown = newest if said.guidelines_number is None else said.guidelines_number
    return Annotation.objects.create(
        key=said.key,
        project_id=asked.project_id,
        document_id=asked.document_id,
        annotator_id=asked.annotator_id,
        status=said.status,
        source=asked.source,
        reason=asked.reason,
        model_key=asked.model_key,
        prediction=asked.prediction,
        probability=asked.probability,
        pool_size=asked.pool_size,
        suggestion_shown=asked.suggestion_shown,
        suggestion_policy=policy_at_answer(asked.project, asked),
        suggestion_followed=followed,
        seconds=None if said.seconds is None else max(0.0, said.seconds),
        comment=said.tidy_comment,
        superseded_at=aside_since,
        aside=aside_since is not None,
        guidelines_number=min(shown, newest) or None,
    )


def _followed(asked: Lease | Annotation, said: Said, labels: Collection[int]) -> bool | None:
    """Whether a labelled answer is the model's; None without a prediction, or a label."""
    if not asked.prediction or said.status != Status.LABELLED:
        return None
    return {str(label) for label in labels} == set(guess(asked.prediction, multi_label=asked.project.is_multi))


def _close(lease: Lease, project: Project, now: datetime) -> None:
    if lease.closed_at is None:
        Lease.objects.filter(pk=lease.pk).update(closed_at=now)
        return
    # A late answer: others may hold the text by now, in place of this one. It is taken back from whom it wants no more.
    if lease.source != Source.GOLD:
        missing = answers_wanted(lease, project) - answers_given(lease.document_id, lease.source)
        close_beyond(lease.document_id, max(0, missing), now)

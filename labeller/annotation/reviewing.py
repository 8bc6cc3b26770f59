"""Deciding a text in the review, taking a decision back, and leaving a text as it is.

A decision is an annotation of its own beside everybody's answers, one a text. It is the truth that trains. Whoever
decides again supersedes the decision before, whoever made that; an undo makes that one current again. But only one that
they have seen: what somebody decided meanwhile is never replaced unread.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.annotation.answers import COMMENT_LIMIT
from labeller.annotation.doubts import Dismissal, LabelDoubt, mark_of
from labeller.annotation.given_labels import AnswerRefused, checked_labels, refuse_withdrawn
from labeller.annotation.models import Annotation, Lease, Source
from labeller.annotation.signals import tell_annotations_changed
from labeller.annotation.told_aside import said_now
from labeller.annotation.turn import turn
from labeller.annotation.undoing import UndoRefused
from labeller.corpus.models import Document
from labeller.projects.models import Project, User

Status = Annotation.Status


class ChangedMeanwhile(Exception):
    """Somebody decided this text, left it or took a decision back since this person looked. Nothing was changed."""


class AnsweredMeanwhile(ChangedMeanwhile):
    """Somebody answered it since."""


def decide(
    *,
    project: Project,
    reviewer: User,
    document: Document,
    key: uuid.UUID,
    label_ids: Collection[int],
    seen: str = "",
    reason: str = "",
    comment: str = "",
    seconds: float | None = None,
) -> Annotation:
    """Say what this text of the project is. A second post of the same `key` returns what the first one made. `seen`:
    how the text stood when they looked (doubts.mark_of).

    Raises AnswerRefused with a sentence when the labels do not fit, ChangedMeanwhile when it stands otherwise by now.
    """
    with turn(project):
        earlier = Annotation.objects.filter(key=key).first()
        if earlier is not None:
            return _same(earlier, project, document, reviewer)
        labels = checked_labels(project, Status.LABELLED, label_ids)
        refuse_withdrawn(labels)
        before = _current(project, document)
        if _mark(before, document) != seen:
            raise ChangedMeanwhile
        now = timezone.now()
        if before is not None:  # before the insert: the constraint wants one current decision at most
            before.superseded_at = now
            before.save(update_fields=["superseded_at"])
        doubt = LabelDoubt.objects.filter(document=document).first()
        decision = Annotation.objects.create(
            key=key,
            project=project,
            document=document,
            annotator=reviewer,
            status=Status.LABELLED,
            source=Source.REVIEW,
            reason=reason[:300],
            # A model brought it here: then its labels are no fair sample for comparing models.
            model_key=doubt.model_key if doubt else "",
            prediction=doubt.prediction if doubt else None,
            comment=comment.strip()[:COMMENT_LIMIT],
            guidelines_number=project.guidelines_number or None,
            seconds=None if seconds is None else max(0.0, seconds),
        )
        decision.labels.set(labels)
        if before is not None:
            before.superseded_by = decision
            before.save(update_fields=["superseded_by"])
        # Whoever holds it need not read it any more; a late answer is still saved.
        Lease.objects.filter(document=document, closed_at=None).update(closed_at=now)
        tell_annotations_changed(project.pk)
    return decision


def undo_decision(*, project: Project, key: uuid.UUID) -> Annotation | None:
    """Take back the decision with this key; the one it had superseded is current again. May be repeated without harm.
    Returns None for an unknown key. Raises UndoRefused when another decision has taken its place."""
    with turn(project):
        decision = Annotation.objects.filter(project=project, source=Source.REVIEW, key=key).first()
        if decision is None or decision.superseded_at is not None:
            if decision is not None and decision.superseded_by_id is not None:
                raise UndoRefused(_("This text was decided anew since then. Change that decision instead."))
            return decision
        decision.superseded_at = timezone.now()
        decision.save(update_fields=["superseded_at"])
        decision.supersedes.update(superseded_at=None, superseded_by=None)
        tell_annotations_changed(project.pk)
    return decision


def leave_as_it_is(*, project: Project, reviewer: User, document: Document, newest: int, seen: str = "") -> Dismissal:
    """Take a text out of the review until somebody answers it again. `newest`: id of the newest answer that they saw, 0
    for none; `seen`: how the text stood then. Raises ChangedMeanwhile where it stands otherwise by now, and
    AnsweredMeanwhile where somebody has answered it."""
    with turn(project):
        if _mark(_current(project, document), document) != seen:
            raise ChangedMeanwhile
        answers = Annotation.objects.filter(said_now(), document=document).exclude(source=Source.REVIEW)
        known = answers.aggregate(newest=Max("pk"))["newest"] or 0
        if known > newest:
            raise AnsweredMeanwhile
        left, _created = Dismissal.objects.update_or_create(
            document=document, defaults={"project": project, "by": reviewer, "answers_until": known}
        )
    return left


def look_again(*, project: Project, document: Document, left: str) -> None:
    """Take that back; `left` is the mark of it. May be repeated without harm. Raises UndoRefused where the text was
    left as it is anew."""
    with turn(project):
        dismissal = Dismissal.objects.filter(document=document).first()
        if dismissal is None:
            return
        if mark_of(None, dismissal) != left:
            raise UndoRefused(_("This text was left as it is once more since then, so it stays so."))
        dismissal.delete()


def _current(project: Project, document: Document) -> Annotation | None:
    return Annotation.objects.filter(
        project=project, document=document, source=Source.REVIEW, superseded_at=None
    ).first()


def _mark(decision: Annotation | None, document: Document) -> str:
    return mark_of(decision and decision.key, Dismissal.objects.filter(document=document).first())


def _same(earlier: Annotation, project: Project, document: Document, reviewer: User) -> Annotation:
    mine = (earlier.project_id, earlier.document_id, earlier.annotator_id) == (project.pk, document.pk, reviewer.pk)
    if not mine or earlier.source != Source.REVIEW:
        raise AnswerRefused(_("This decision's key was used for another answer. Reload the page and decide again."))
    return earlier

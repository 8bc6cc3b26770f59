"""Labels for texts that somebody has found, rather than been handed. They teach like any other and never measure: found
texts are no random sample, so their source is SEARCH and they do not count as served.

A text of the audit's reserve that is labelled here leaves the audit stream, for its answer is known. That bends the
measure a little: the audit has too few texts of the kind that was searched for. So it is done for single texts, which
the page says are set apart, and for many at once only when asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from labeller.annotation.counting import count_answers
from labeller.annotation.given_labels import checked_labels, refuse_withdrawn
from labeller.annotation.models import Annotation, Lease, ServingCounter, Source
from labeller.annotation.signals import tell_annotations_changed
from labeller.annotation.standing import Standing, standings
from labeller.annotation.turn import turn
from labeller.projects.models import Project, User

LABELLED = Annotation.Status.LABELLED


@dataclass(frozen=True)
class FoundAct:
    """What somebody does with texts they have found. Repeated with the same `key` it changes nothing more."""

    key: uuid.UUID
    label_ids: Collection[int]
    reason: str  # how the texts were found, in words
    replace_mine: bool = False  # also texts that this person has labelled: the new labels supersede
    take_reserve: bool = False  # also texts that are set apart to measure the model

    def key_of(self, document_id: int) -> uuid.UUID:
        return uuid.uuid5(self.key, str(document_id))

    def may_label(self, standing: Standing) -> bool:
        return (
            standing == Standing.FREE
            or (standing == Standing.MINE and self.replace_mine)
            or (standing == Standing.RESERVE and self.take_reserve)
        )


@dataclass
class Outcome:
    given: list[int] = field(default_factory=list)  # ids of the texts that carry the answer of this act now
    left: dict[int, Standing] = field(default_factory=dict)


def label_found(*, project: Project, annotator: User, document_ids: Collection[int], act: FoundAct) -> Outcome:
    """Label these texts, each that may be, in one transaction. At most some hundreds: it holds the project's turn.

    Raises AnswerRefused when the labels do not fit the project.
    """
    with turn(project) as counter:
        now = timezone.now()
        labels = checked_labels(project, LABELLED, act.label_ids)
        refuse_withdrawn(labels)
        before = set(
            Annotation.objects.filter(key__in=map(act.key_of, document_ids)).values_list("document_id", flat=True)
        )
        outcome = Outcome(given=[pk for pk in document_ids if pk in before])
        fresh = []
        for pk, standing in standings(project, annotator, set(document_ids) - before, now=now).items():
            if act.may_label(standing):
                fresh.append(pk)
            else:
                outcome.left[pk] = standing
        if fresh:
            _write(counter, project, annotator, sorted(fresh), labels, act, now)
            outcome.given += sorted(fresh)
        return outcome


def _write(
    counter: ServingCounter,
    project: Project,
    annotator: User,
    fresh: list[int],
    labels: list[int],
    act: FoundAct,
    now: datetime,
) -> None:
    mine = Annotation.objects.filter(document_id__in=fresh, annotator=annotator, superseded_at=None).exclude(
        source=Source.REVIEW  # a decision stands beside the answers
    )
    replaced = list(mine)
    mine.update(superseded_at=now)  # before the insert: the constraint wants one current answer at most
    made = Annotation.objects.bulk_create(
        Annotation(
            key=act.key_of(pk),
            project=project,
            document_id=pk,
            annotator=annotator,
            status=LABELLED,
            source=Source.SEARCH,
            reason=act.reason[:300],
            guidelines_number=project.guidelines_number or None,
        )
        for pk in fresh
    )
    through = Annotation.labels.through
    through._default_manager.bulk_create(
        through(annotation_id=annotation.pk, label_id=label) for annotation in made for label in labels
    )
    by_document = {annotation.document_id: annotation for annotation in made}
    for row in replaced:
        row.superseded_by = by_document[row.document_id]
    Annotation.objects.bulk_update(replaced, ["superseded_by"])
    # Those of pages that sleep: renewed on waking they would bring an answer too many.
    Lease.objects.filter(document_id__in=fresh, closed_at=None, expires_at__lte=now).update(closed_at=now)
    count_answers(counter, added=made, removed=replaced)
    tell_annotations_changed(project.pk)


def take_back_found(*, project: Project, document_ids: Collection[int], act: FoundAct) -> int:
    """Undo the act on these texts: what its answers had superseded is current again. Answers that were changed since
    stay. Returns the number taken back."""
    with turn(project) as counter:
        answers = Annotation.objects.filter(key__in=map(act.key_of, document_ids))
        _leave_the_chain(list(answers.exclude(superseded_by=None).values_list("pk", flat=True)))
        current = list(answers.filter(superseded_at=None))
        if not current:
            return 0
        ids = [annotation.pk for annotation in current]
        Annotation.objects.filter(pk__in=ids).update(superseded_at=timezone.now())
        earlier = Annotation.objects.filter(superseded_by__in=ids)
        reinstated = list(earlier)
        earlier.update(superseded_at=None, superseded_by=None)
        count_answers(counter, added=reinstated, removed=current)
        tell_annotations_changed(project.pk)
        return len(current)


def _leave_the_chain(replaced: list[int]) -> None:
    """Answers that are taken back after others have replaced them: when those are taken back in their turn, what was
    said before comes back, and not these."""
    if not replaced:
        return
    successor = Annotation.objects.filter(pk=OuterRef("superseded_by_id")).values("superseded_by_id")
    Annotation.objects.filter(superseded_by__in=replaced).update(superseded_by=Subquery(successor))
    Annotation.objects.filter(pk__in=replaced).update(superseded_by=None)

"""What annotation does when the corpus reports news."""

from __future__ import annotations

import uuid
from typing import Any

from labeller.annotation.machine_services import keep_machine_answers
from labeller.annotation.models import Annotation, Source
from labeller.annotation.signals import tell_annotations_changed
from labeller.annotation.turn import turn
from labeller.corpus.models import ImportJob
from labeller.corpus.signals import ImportedAnswer


def take_over_labels(sender: type[ImportJob], job: ImportJob, answers: list[ImportedAnswer], **_: Any) -> int:
    """Write the labels of a file as annotations of the person who imported it, those of a language model as its own.
    Returns the number written. Call it inside the batch's transaction.

    The keys follow from the job and the text, so a batch that is run again writes nothing twice. A text that this
    person has answered keeps that answer: a file does not overrule a reading.
    """
    if job.machine:
        return keep_machine_answers(job, job.machine, answers)
    if job.created_by_id is None:
        return 0
    written = _take_over(job, job.created_by_id, [answer for answer in answers if answer.is_new])
    if before := [answer for answer in answers if not answer.is_new]:
        # Until the batch is committed: an answer that this person gives meanwhile would replace nothing, for it would
        # not see these. New texts need no turn, and a file of them leaves it to those who label.
        with turn(job.project):
            written += _take_over(job, job.created_by_id, before)
    if written:
        tell_annotations_changed(job.project_id)
    return written


def _take_over(job: ImportJob, person_id: int, answers: list[ImportedAnswer]) -> int:
    if not answers:
        return 0
    wanted = {answer.document_id: answer for answer in reversed(answers)}  # of two lines for a text the first counts
    answered = set(
        Annotation.objects.filter(document_id__in=wanted, annotator_id=person_id, superseded_at=None).values_list(
            "document_id", flat=True
        )
    )
    keys = {document_id: uuid.uuid5(job.key, str(document_id)) for document_id in wanted.keys() - answered}
    written_before = set(Annotation.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    fresh = sorted(document_id for document_id, key in keys.items() if key not in written_before)
    annotations = Annotation.objects.bulk_create(
        Annotation(
            key=keys[document_id],
            project_id=job.project_id,
            document_id=document_id,
            annotator_id=person_id,
            status=Annotation.Status.LABELLED,
            source=Source.IMPORT,
            reason=f"Imported from {job.file_name}"[:300],
        )
        for document_id in fresh
    )
    through = Annotation.labels.through
    through._default_manager.bulk_create(
        through(annotation_id=annotation.pk, label_id=label_id)
        for annotation in annotations
        for label_id in sorted(set(wanted[annotation.document_id].label_ids))
    )
    return len(annotations)


def let_the_audit_catch_up(sender: type[ImportJob], job: ImportJob, **_: Any) -> None:
    """Where texts came whose draws the audit had passed, they are to be asked sooner than at its usual pace."""
    if job.is_test or not job.project.audit:
        return
    with turn(job.project) as counter:
        if counter.audit_to and job.documents.filter(draw__lt=counter.audit_to).exists():
            counter.audit_behind = counter.audit_to

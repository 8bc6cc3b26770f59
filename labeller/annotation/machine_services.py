"""Writing what a language model says of texts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.utils import timezone

from labeller.annotation.machine import MachineAnnotator, MachineAnswer
from labeller.corpus.models import ImportJob
from labeller.corpus.signals import ImportedAnswer


def keep_machine_answers(job: ImportJob, name: str, answers: Sequence[ImportedAnswer]) -> int:
    """Write a batch of a file's labels as those of the language model of this name. Returns the number written.

    The newest import counts: what the model said of these texts before is superseded. A batch that is run again writes
    nothing twice. Call it inside the batch's transaction.
    """
    wanted = {answer.document_id: answer for answer in reversed(answers)}  # of two lines for a text the first counts
    keys = {document_id: uuid.uuid5(job.key, str(document_id)) for document_id in wanted}
    before = set(MachineAnswer.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    fresh = sorted(document_id for document_id, key in keys.items() if key not in before)
    if not fresh:
        return 0
    annotator = _annotator(job, name)
    current = MachineAnswer.objects.filter(annotator=annotator, document_id__in=fresh, superseded_at=None)
    current.update(superseded_at=timezone.now())
    written = MachineAnswer.objects.bulk_create(
        MachineAnswer(
            key=keys[document_id],
            project_id=job.project_id,
            annotator=annotator,
            document_id=document_id,
            reason=f"Imported from {job.file_name}"[:300],
        )
        for document_id in fresh
    )
    through = MachineAnswer.labels.through
    through._default_manager.bulk_create(
        through(machineanswer_id=answer.pk, label_id=label_id)
        for answer in written
        for label_id in sorted(set(wanted[answer.document_id].label_ids))
    )
    return len(written)


def _annotator(job: ImportJob, name: str) -> MachineAnnotator:
    known = MachineAnnotator.objects.filter(project_id=job.project_id, name__iexact=name).first()
    if known is not None:
        return known
    return MachineAnnotator.objects.create(project_id=job.project_id, name=name, created_by=job.created_by)

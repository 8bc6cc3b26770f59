"""How the corpus tells the apps above it, without knowing them."""

from __future__ import annotations

from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True)
class ImportedAnswer:
    """What a file says about a text: these labels. No label at all is an answer too, in multi-label projects."""

    document_id: int
    label_ids: tuple[int, ...]
    line: int  # of the file, for messages
    is_new: bool = False  # the text came with this batch: until that is committed nobody else can see it


# send(sender=ImportJob, job=ImportJob, answers=list[ImportedAnswer]) -> number of annotations written.
# Sent inside the batch's transaction: what a receiver writes stands or falls with the texts.
documents_imported = Signal()

# send(sender=ImportJob, job=ImportJob), after commit, once an import has ended and the pool may have grown, or
# (job.is_test) there is another test set.
import_finished = Signal()

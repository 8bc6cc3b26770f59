"""The import itself: batch by batch, each in one transaction together with its counts.

A killed import is taken up behind the last committed batch, so its counts need no mending. Memory is bounded by one
batch, whatever the file's length.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from labeller.corpus import reasons
from labeller.corpus.batches import Batch, Sorted, batches, sort_batch
from labeller.corpus.claims import ClaimLost, claim
from labeller.corpus.errors import CorpusError, FileRefused
from labeller.corpus.labelbook import LabelBook
from labeller.corpus.lines import Lines
from labeller.corpus.mapping import Mapping
from labeller.corpus.models import Document, ImportJob, RefusedLine
from labeller.corpus.normalise import draw
from labeller.corpus.rows import Row
from labeller.corpus.signals import ImportedAnswer, documents_imported, import_finished
from labeller.corpus.testset_filling import add_texts, put_in_force

log = logging.getLogger(__name__)
State = ImportJob.State
OnBatch = Callable[[ImportJob], None]


def _tell_nobody(_: ImportJob) -> None:
    """The page reads the row."""


def upload_path(job: ImportJob) -> Path:
    return Path(settings.UPLOADS) / job.path


def run_import(job_id: int, *, on_batch: OnBatch = _tell_nobody) -> None:
    """Run this import if it is ours to run. May be called twice without harm; never raises for what a file can hold:
    the reason is in the row."""
    job = claim(job_id)
    if job is None:
        return
    try:
        _import_file(job, on_batch)
    except ClaimLost:
        return  # cancelled, or another worker has it: its row is not ours to write
    except CorpusError as error:
        _end(job, State.FAILED, str(error))
    except Exception as error:
        log.exception("Import %s failed", job.key)
        _end(
            job,
            State.FAILED,
            reasons.STOPPED % {"row": f"{job.rows_read:,}", "error": f"{type(error).__name__}: {error}"},
        )
    else:
        _end(job, State.DONE)
        upload_path(job).unlink(missing_ok=True)


def _import_file(job: ImportJob, on_batch: OnBatch) -> None:
    path = upload_path(job)
    if not path.is_file():
        raise FileRefused(reasons.GONE % {"file": job.file_name})
    mapping = Mapping.from_json(job.settings)
    with Lines(path, mapping.layout.encoding) as lines:
        for batch in batches(lines, mapping, multi=job.project.is_multi, skip=job.rows_read):
            try:
                _write_batch(job, batch, mapping)
            except IntegrityError:
                # Somebody added one of these texts between our look and our write. Looking again finds it.
                _write_batch(job, batch, mapping)
            job.refresh_from_db(fields=["rows_read", "added", "duplicates", "refused", "labelled", "bytes_read"])
            on_batch(job)
    if job.is_test and not job.added:
        raise FileRefused(reasons.NOTHING_TAKEN)


@transaction.atomic
def _write_batch(job: ImportJob, batch: Batch, mapping: Mapping) -> None:
    book = LabelBook(job.project)
    found = sort_batch(job, batch, mapping, book, added=job.added)
    book.add_pending()
    labelled = add_texts(job, found.new, book) if job.is_test else _add_to_pool(job, found, mapping, book)
    RefusedLine.objects.bulk_create(
        RefusedLine(job=job, line=row.line, reason=row.reason, beginning=row.beginning) for row in found.refused
    )
    kept = ImportJob.objects.filter(pk=job.pk, state=State.RUNNING, claim=job.claim).update(
        rows_read=batch.end,
        bytes_read=batch.bytes_read,
        added=F("added") + len(found.new),
        duplicates=F("duplicates") + len(found.repeated) + len(found.known),
        refused=F("refused") + len(found.refused),
        labelled=F("labelled") + labelled,
        heartbeat_at=timezone.now(),
    )
    if not kept:
        raise ClaimLost  # and with it everything written above is rolled back


def _add_to_pool(job: ImportJob, found: Sorted, mapping: Mapping, book: LabelBook) -> int:
    """The number of answers taken over."""
    documents = Document.objects.bulk_create([_document(job, row) for row in found.new])
    return _tell(job, _answers(found, documents, book)) if mapping.takes_answers else 0


def _document(job: ImportJob, row: Row) -> Document:
    return Document(
        project=job.project,
        text=row.text,
        text_hash=row.text_hash,
        external_id=row.external_id,
        metadata=row.metadata,
        draw=draw(job.project.seed, row.text_hash),
        import_job=job,
    )


def _tell(job: ImportJob, answers: list[ImportedAnswer]) -> int:
    """Hand the answers to whoever keeps answers. Returns the number written."""
    if not answers:
        return 0
    replies: Any = documents_imported.send(ImportJob, job=job, answers=answers)
    return sum(int(written or 0) for _, written in replies)


def _answers(found: Sorted, documents: list[Document], book: LabelBook) -> list[ImportedAnswer]:
    """For new texts and for those that were in the project before. Of repeated ones the first in the file counts."""
    pairs = [(row, document.pk, True) for row, document in zip(found.new, documents, strict=True)]
    pairs += [(row, found.known_ids[row.text_hash], False) for row in found.known]
    return [
        ImportedAnswer(pk, book.ids(row.labels), row.line, is_new)
        for row, pk, is_new in pairs
        if row.labels is not None
    ]


def _end(job: ImportJob, state: ImportJob.State, reason: str = "") -> None:
    with transaction.atomic():
        ours = ImportJob.objects.filter(pk=job.pk, state=State.RUNNING, claim=job.claim)
        now = timezone.now()
        done = {"bytes_read": job.size} if state == State.DONE else {}
        if ours.update(state=state, reason=reason, finished_at=now, heartbeat_at=now, **done):
            if job.is_test and state == State.DONE:
                put_in_force(job)
            announce(job)


def announce(job: ImportJob) -> None:
    """Tell the apps above, after commit, that the pool may have grown, or that there is another test set."""
    transaction.on_commit(lambda: _send_finished(job.pk))


def _send_finished(job_id: int) -> None:
    job = ImportJob.objects.select_related("project").get(pk=job_id)
    import_finished.send(ImportJob, job=job)

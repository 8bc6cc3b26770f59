"""The same reading, sorting and refusing as an import, writing nothing but its result into the job's row.

Duplicates inside the file are found by 64 bits of their hash, some 80 bytes a text: the only thing here that grows with
the file. At a million texts the odds of one false duplicate are one in 37 million.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.corpus import reasons
from labeller.corpus.batches import Sorted, batches, sort_batch
from labeller.corpus.errors import CorpusError, FileRefused, ImportStateError
from labeller.corpus.importing import upload_path
from labeller.corpus.labelbook import LabelBook
from labeller.corpus.lines import Lines
from labeller.corpus.mapping import Mapping
from labeller.corpus.models import ImportJob
from labeller.queueing import enqueue

log = logging.getLogger(__name__)
INLINE_BYTES = 1_000_000  # checked while the page waits, about a fifth of a second
REASONS_SHOWN = 20
LABELS_SHOWN = 50
TASK = "labeller.corpus.tasks.run_dry_run"
LOST = timedelta(minutes=1)  # queued for so long although a worker is alive: the broker lost the task


@dataclass
class DryRun:
    """What an import would do. Stored as JSON in ImportJob.dry_run."""

    mapping: dict[str, Any]  # the one it was made with: a changed mapping makes it void
    state: str = "running"  # queued, running, done, failed
    reason: str = ""
    started_at: str = ""
    bytes_read: int = 0
    rows: int = 0
    added: int = 0
    duplicates_in_file: int = 0
    duplicates_in_project: int = 0
    refused: int = 0
    labelled: int = 0
    new_labels: list[str] = field(default_factory=list)
    new_label_count: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)  # the first ones: line, reason, beginning

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


OnBatch = Callable[[DryRun], None]


def is_quick(job: ImportJob) -> bool:
    """Whether it is checked while the page waits."""
    return job.size <= INLINE_BYTES


def request_dry_run(*, job: ImportJob) -> None:
    """Small files at once, others in the background. The answer is in job.dry_run. Raises ImportStateError."""
    if job.state != ImportJob.State.UPLOADED:
        raise ImportStateError(
            _("This import is %(state)s; only a waiting file can be tried.") % {"state": job.state_within}
        )
    if is_quick(job):
        run_dry_run(job.pk)
        job.refresh_from_db()
        return
    waiting = DryRun(job.settings, state="queued", started_at=timezone.now().isoformat())
    with transaction.atomic():
        ImportJob.objects.filter(pk=job.pk).update(dry_run=waiting.to_json())
        transaction.on_commit(partial(enqueue, TASK, job.pk, cluster="quick"))
    job.refresh_from_db()


def recover_lost_dry_runs() -> int:
    """Hand out again what the broker lost. Safe to call from several processes at once. Returns the number."""
    now, found = timezone.now(), 0
    lost = ImportJob.objects.filter(
        state=ImportJob.State.UPLOADED, dry_run__state="queued", dry_run__started_at__lt=(now - LOST).isoformat()
    )
    for pk, waiting in list(lost.values_list("pk", "dry_run")):
        with transaction.atomic():
            same = ImportJob.objects.filter(pk=pk, state=ImportJob.State.UPLOADED, dry_run=waiting)
            if same.update(dry_run=waiting | {"started_at": now.isoformat()}):
                transaction.on_commit(partial(enqueue, TASK, pk, cluster="quick"))
                found += 1
    return found


def run_dry_run(job_id: int) -> None:
    """Read the whole file and store what an import would do. Stops when the mapping was changed meanwhile."""
    job = ImportJob.objects.select_related("project").filter(pk=job_id, state=ImportJob.State.UPLOADED).first()
    if job is None:
        return
    result = DryRun(job.settings, started_at=timezone.now().isoformat())

    def keep(so_far: DryRun) -> None:
        kept = ImportJob.objects.filter(pk=job_id, state=ImportJob.State.UPLOADED, settings=job.settings)
        if not kept.update(dry_run=so_far.to_json()):
            raise ImportStateError("The mapping was changed, or the file thrown away.")

    try:
        check_file(job, result, keep)
        result.state = "done"
        result.bytes_read = job.size
        keep(result)
    except ImportStateError:
        return
    except Exception as error:
        if not isinstance(error, CorpusError):
            log.exception("Dry run of %s failed", job.key)
        result.state, result.reason = "failed", str(error) or type(error).__name__
        ImportJob.objects.filter(pk=job_id).update(dry_run=result.to_json())


def check_file(job: ImportJob, result: DryRun, on_batch: OnBatch) -> None:
    """Fill `result`, telling the caller after each batch. Raises FileRefused as the reader does."""
    path = upload_path(job)
    if not path.is_file():
        raise FileRefused(reasons.GONE % {"file": job.file_name})
    mapping = Mapping.from_json(job.settings)
    book = LabelBook(job.project)
    seen: set[int] = set()
    with Lines(path, mapping.layout.encoding) as lines:
        for batch in batches(lines, mapping, multi=job.project.is_multi):
            _count(result, sort_batch(job, batch, mapping, book, added=result.added), seen, mapping)
            result.rows, result.bytes_read = batch.end, batch.bytes_read
            result.new_label_count = len(book.pending)
            result.new_labels = book.pending[:LABELS_SHOWN]
            on_batch(result)


def _count(result: DryRun, found: Sorted, seen: set[int], mapping: Mapping) -> None:
    before = len(seen)
    prefixes = [int(row.text_hash[:16], 16) for row in found.new]
    fresh = [prefix not in seen for prefix in prefixes]
    seen.update(prefixes)
    result.added += len(seen) - before
    result.duplicates_in_file += len(found.repeated) + len(prefixes) - (len(seen) - before)
    result.duplicates_in_project += len(found.known)
    result.refused += len(found.refused)
    if mapping.takes_answers:
        counted = [row for row, is_fresh in zip(found.new, fresh, strict=True) if is_fresh] + found.known
        result.labelled += sum(row.labels is not None for row in counted)
    for row in found.refused[: REASONS_SHOWN - len(result.refusals)]:
        result.refusals.append({"line": row.line, "reason": row.reason, "beginning": row.beginning})

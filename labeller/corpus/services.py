"""The life of an import: a file is stored, its mapping is changed, it is started, cancelled or taken up again."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePath

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.corpus import reasons
from labeller.corpus.claims import enqueue, recover_stale_imports
from labeller.corpus.errors import FileRefused, ImportStateError, MappingError
from labeller.corpus.guessing import guess_layout, guess_mapping, read_sample
from labeller.corpus.importing import announce, upload_path
from labeller.corpus.mapping import Layout, Mapping
from labeller.corpus.models import ImportJob
from labeller.corpus.readers import Record
from labeller.corpus.testset import TestSet, delete_sets
from labeller.projects.locks import lock_if_open
from labeller.projects.models import Project, User

__all__ = [
    "cancel_import", "delete_test_set", "guess_again", "recover_stale_imports", "save_mapping", "start_import",
    "store_upload",
]  # fmt: skip

MEGABYTE = 1024 * 1024
FORGOTTEN_UPLOADS = timedelta(days=7)
State = ImportJob.State
Purpose = ImportJob.Purpose


def store_upload(
    *,
    project: Project,
    user: User | None,
    file_name: str,
    chunks: Iterable[bytes],
    limit: int | None = None,
    purpose: Purpose = Purpose.POOL,
) -> ImportJob:
    """Keep these bytes under a name of our own and guess what they are. `limit`: bytes, none for files that the
    server's owner imports by command. Raises FileRefused when they are none, too many or no format we read."""
    _throw_away_forgotten(project)
    key = uuid.uuid4()
    path = Path(settings.UPLOADS) / str(project.pk) / str(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    plain_name = PurePath(file_name.replace("\\", "/")).name[:255] or "file"
    try:
        size, sha256 = _write(path, chunks, limit, plain_name)
        mapping = _guess(path, plain_name, project)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return ImportJob.objects.create(
        key=key,
        project=project,
        purpose=purpose,
        created_by=user,
        file_name=plain_name,
        path=f"{project.pk}/{key}",
        size=size,
        sha256=sha256,
        settings=(_as_test(mapping) if purpose == Purpose.TEST else mapping).to_json(),
    )


def _as_test(mapping: Mapping) -> Mapping:
    """Labels are what a test file is for; one that only it knows is more often a slip than a wish."""
    return replace(mapping, label_use=ImportJob.LabelUse.ANNOTATIONS.value, create_labels=False)


def _write(path: Path, chunks: Iterable[bytes], limit: int | None, name: str) -> tuple[int, str]:
    """To a temporary name, then renamed: a file under its key is whole. Size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if limit is not None and size > limit:
                    raise FileRefused(too_large_sentence(name, size, limit))
                digest.update(chunk)
                file.write(chunk)
        if not size:
            raise FileRefused(reasons.EMPTY_FILE % {"file": name})
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return size, digest.hexdigest()


def too_large_sentence(name: str, size: int, limit: int) -> str:
    found, most = f"{size / MEGABYTE:,.1f}", f"{limit / MEGABYTE:,.1f}"
    return reasons.TOO_LARGE % {"file": name, "found": found, "most": most}


def _guess(path: Path, name: str, project: Project) -> Mapping:
    layout = guess_layout(path, name)
    rows = read_sample(path, layout)
    if not rows:
        raise FileRefused(reasons.NO_ROWS % {"file": name})
    return guess_mapping(layout, [row for row in rows if isinstance(row, Record)], project)


def guess_again(*, job: ImportJob, layout: Layout) -> Mapping:
    """The columns under another layout; what was said about labels stays. Raises FileRefused."""
    old = Mapping.from_json(job.settings)
    rows = read_sample(upload_path(job), layout)
    new = guess_mapping(layout, [row for row in rows if isinstance(row, Record)], job.project)
    return replace(new, label_use=old.label_use, create_labels=old.create_labels, machine=old.machine)


def save_mapping(*, job: ImportJob, mapping: Mapping) -> None:
    """Raises ImportStateError once the import has been started."""
    changed = mapping.to_json() != job.settings
    values = {"settings": mapping.to_json()} | ({"dry_run": {}} if changed else {})
    if not ImportJob.objects.filter(pk=job.pk, state=State.UPLOADED).update(**values):
        raise ImportStateError(_("This import was started already; its mapping can no longer be changed."))
    job.refresh_from_db()


def start_import(*, job: ImportJob, background: bool = True) -> None:
    """Put a waiting or a failed import into the queue; a failed one goes on behind its last row. With `background`
    false the caller runs it itself. A test file gives up the unfinished one before it. Raises ImportStateError when it
    is not waiting, another one runs, its labels come from a language model that was not named, or the project is
    archived; MappingError for a test file without a column of labels."""
    mapping = Mapping.from_json(job.settings)
    if job.is_test and not mapping.takes_answers:
        raise MappingError(_("A test file needs a column of labels: without them nothing can be measured."))
    if mapping.is_by_machine and not mapping.machine:
        raise ImportStateError(_("Name the LLM first: its labels are kept and measured under that name."))
    try:
        with transaction.atomic():
            if not lock_if_open(job.project_id):
                raise ImportStateError(_("This project is archived: nothing is started in it."))
            waiting = ImportJob.objects.filter(pk=job.pk, state__in=(State.UPLOADED, State.FAILED))
            values = {"attempts": 0, "reason": "", "heartbeat_at": timezone.now(), "finished_at": None}
            if not waiting.update(state=State.QUEUED, **values):
                raise ImportStateError(_("This import is running or over already."))
            if job.is_test:
                _give_up_failed_tests(job)
            if background:
                transaction.on_commit(lambda: enqueue(job.pk))
    except IntegrityError:
        raise ImportStateError(
            _("Another import into this project is still running. Wait for it, or cancel it, then start this one.")
        ) from None
    job.refresh_from_db()


def cancel_import(*, job: ImportJob) -> None:
    """Stop it, or throw a waiting file away. What was imported stays; of a test set nothing does, for half a file
    measures another thing. Raises ImportStateError when it is over."""
    _cancel(job, (State.UPLOADED, State.QUEUED, State.RUNNING, State.FAILED))


def _cancel(job: ImportJob, states: Collection[ImportJob.State]) -> None:
    """Raises ImportStateError when it is in none of these states."""
    with transaction.atomic():
        ours = ImportJob.objects.filter(pk=job.pk, state__in=states)
        if not ours.update(state=State.CANCELLED, finished_at=timezone.now()):
            raise ImportStateError(_("This import is over already; there is nothing to cancel."))
        job.refresh_from_db()
        if job.is_test:
            delete_sets(TestSet.objects.filter(job=job))
        elif job.added:
            announce(job)
        # Once it is certain, also where a caller's transaction goes on: without its file a waiting import would fail.
        transaction.on_commit(partial(upload_path(job).unlink, missing_ok=True), robust=True)


def delete_test_set(*, test_set: TestSet) -> None:
    """Its texts go, and with them what was measured on it. The file's import stays in the list."""
    delete_sets(TestSet.objects.filter(pk=test_set.pk))


def _give_up_failed_tests(job: ImportJob) -> None:
    """A test import that failed would go on behind its last row, into a set that this one has replaced."""
    failed = ImportJob.objects.filter(project=job.project_id, purpose=Purpose.TEST, state=State.FAILED)
    for other in failed.exclude(pk=job.pk):
        with suppress(ImportStateError):  # somebody was quicker
            _cancel(other, (State.FAILED,))


def _throw_away_forgotten(project: Project) -> None:
    """Files uploaded long ago and never imported would fill the disk."""
    before = timezone.now() - FORGOTTEN_UPLOADS
    for job in ImportJob.objects.filter(project=project, state=State.UPLOADED, created_at__lt=before):
        with suppress(ImportStateError):  # another upload was quicker, or somebody starts it at this moment
            _cancel(job, (State.UPLOADED,))

"""What pages read of the corpus. Lists are paged by key, never by offset: page 2,000 costs what page 1 costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from labeller.corpus.models import Document, ImportJob, RefusedLine
from labeller.projects.models import Project

PAGE = 50
LONG_WAIT = timedelta(seconds=15)


@dataclass(frozen=True)
class TextPage:
    texts: list[Document]
    newer: int | None  # pass as `before`: the page that comes before this one; None on the first
    older: int | None  # pass as `after`: the page that follows; None on the last


def texts(project: Project, *, after: int | None = None, before: int | None = None, size: int = PAGE) -> TextPage:
    """A page of texts in the order of their import."""
    rows = Document.objects.filter(project=project)
    if before is not None:
        found = list(rows.filter(id__lt=before).order_by("-id")[: size + 1])
        more_before, more_after = len(found) > size, True
        found = found[:size][::-1]
    else:
        found = list(rows.filter(id__gt=after or 0).order_by("id")[: size + 1])
        more_before, more_after = after is not None, len(found) > size
        found = found[:size]
    if not found:
        return TextPage([], None, None)
    return TextPage(found, found[0].pk if more_before else None, found[-1].pk if more_after else None)


def text_count(project: Project) -> int:
    return Document.objects.filter(project=project).count()


def recent_imports(project: Project, *, count: int = 20) -> QuerySet[ImportJob]:
    """The newest imports into the pool, with who started them. Uploads thrown away before they brought anything are
    left out."""
    jobs = ImportJob.objects.filter(project=project, purpose=ImportJob.Purpose.POOL).exclude(
        state=ImportJob.State.CANCELLED, rows_read=0
    )
    return jobs.select_related("created_by").order_by("-created_at", "-id")[:count]


def newest_test_import(project: Project) -> ImportJob | None:
    """The newest test file that somebody uploaded and did not throw away, however far it came."""
    jobs = ImportJob.objects.filter(project=project, purpose=ImportJob.Purpose.TEST)
    return jobs.exclude(state=ImportJob.State.CANCELLED).order_by("-created_at", "-id").first()


def unfinished_import(project: Project) -> ImportJob | None:
    """The one into the pool that waits or runs."""
    unfinished = (ImportJob.State.QUEUED, ImportJob.State.RUNNING)
    jobs = ImportJob.objects.filter(project=project, purpose=ImportJob.Purpose.POOL)
    return jobs.filter(state__in=unfinished).first()


def earlier_import_of(job: ImportJob) -> ImportJob | None:
    """The newest finished import of the very same bytes into this project, for the same purpose."""
    same = ImportJob.objects.filter(project_id=job.project_id, sha256=job.sha256, state=ImportJob.State.DONE)
    same = same.filter(purpose=job.purpose)
    return same.exclude(pk=job.pk).order_by("-finished_at").first()


def first_refusals(job: ImportJob, *, count: int = 20) -> QuerySet[RefusedLine]:
    return RefusedLine.objects.filter(job=job).order_by("line")[:count]


def waits_long(job: ImportJob) -> bool:
    """Whether it waits for a worker longer than a live one needs to see it."""
    if job.state == ImportJob.State.QUEUED and job.heartbeat_at:
        return timezone.now() - job.heartbeat_at > LONG_WAIT
    started = job.dry_run.get("started_at") if job.dry_run.get("state") == "queued" else None
    return bool(started) and timezone.now() - datetime.fromisoformat(str(started)) > LONG_WAIT

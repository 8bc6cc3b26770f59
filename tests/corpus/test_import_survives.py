"""A worker killed in the middle, two workers on one import, a cancelled one: the counts stay right."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from labeller import crew
from labeller.corpus import claims, services
from labeller.corpus.claims import STALE, claim, give_back
from labeller.corpus.errors import ImportStateError
from labeller.corpus.importing import run_import, upload_path
from labeller.corpus.models import ImportJob
from labeller.corpus.signals import documents_imported, import_finished
from labeller.projects.models import Project
from tests.cast import make_project
from tests.corpus.files import imported, remap, upload

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = "text,label\n" + "".join(f"text number {n % 2400},Court\n" if n % 100 else "short\n" for n in range(1, 2501))
COUNTS = (2376, 99, 25)  # added, duplicates, refused: of 2,500 rows every hundredth is too short, 99 come round again


class Killed(BaseException):
    """What a process does not survive."""


@contextmanager
def killed_in_batch(number: int) -> Iterator[None]:
    """The worker dies inside the transaction of this batch, counted from 1."""
    batches: list[int] = []

    def die(**_: Any) -> int:
        batches.append(1)
        if len(batches) == number:
            raise Killed
        return 0

    documents_imported.connect(die)
    yield
    documents_imported.disconnect(die)


def go_stale(job: ImportJob) -> None:
    past = timezone.now() - STALE - timedelta(seconds=1)
    ImportJob.objects.filter(pk=job.pk).update(heartbeat_at=past)


def started(project: Project) -> ImportJob:
    job = remap(upload(project, ROWS), label_use="annotations")
    services.start_import(job=job, background=False)
    return job


def die_once(job: ImportJob, batch: int) -> None:
    with killed_in_batch(batch), pytest.raises(Killed):
        run_import(job.pk)
    job.refresh_from_db()


def test_an_import_killed_in_a_batch_goes_on_behind_the_last_whole_one(project: Project) -> None:
    job = started(project)
    die_once(job, batch=2)
    assert (job.state, job.rows_read, project.documents.count()) == ("running", 1000, job.added)
    go_stale(job)
    run_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows_read, job.attempts) == ("done", 2500, 2)
    assert (job.added, job.duplicates, job.refused) == COUNTS
    assert (project.documents.count(), job.refused_lines.count()) == (COUNTS[0], COUNTS[2])


def test_an_unbroken_import_counts_the_same(project: Project) -> None:
    job = started(project)
    run_import(job.pk)
    job.refresh_from_db()
    assert (job.added, job.duplicates, job.refused) == COUNTS


def test_a_second_death_marks_it_failed_with_a_reason_and_it_can_go_on(project: Project) -> None:
    job = started(project)
    die_once(job, batch=2)
    go_stale(job)
    die_once(job, batch=1)
    go_stale(job)
    assert services.recover_stale_imports() == 0
    job.refresh_from_db()
    assert (job.state, job.rows_read) == ("failed", 1000)
    assert "killed 2 times" in job.reason
    assert "row 1,000" in job.reason
    assert imported(job).state == "done"
    assert (job.added, job.duplicates, job.refused) == COUNTS


def test_a_stale_import_is_put_back_into_the_queue_once(project: Project) -> None:
    job = started(project)
    die_once(job, batch=1)
    assert services.recover_stale_imports() == 0  # its heartbeat is fresh
    go_stale(job)
    assert services.recover_stale_imports() == 1
    assert services.recover_stale_imports() == 0
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_queued_import_that_the_broker_lost_is_handed_out_again(project: Project) -> None:
    job = started(project)
    ImportJob.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=6))
    assert services.recover_stale_imports() == 1


def test_one_that_is_cancelled_while_lost_ones_are_looked_for_stays_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are found; while the first is handed out, a manager cancels the other."""
    jobs = [started(project), started(make_project(name="Other"))]
    handed_out: list[int] = []

    def cancel_the_others(pk: int) -> None:
        handed_out.append(pk)
        for job in jobs:
            if job.pk != pk:
                services.cancel_import(job=job)

    for job in jobs:
        go_stale(job)
    ImportJob.objects.update(state="running", attempts=1)
    monkeypatch.setattr(claims, "enqueue", cancel_the_others)
    assert services.recover_stale_imports() == len(handed_out) == 1
    assert sorted(ImportJob.objects.values_list("state", flat=True)) == ["cancelled", "queued"]


def test_an_import_in_a_stopped_worker_is_no_death(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the server is stopped in the middle, the import waits, goes on at the next start, counts right."""
    job = started(project)
    monkeypatch.setenv(crew.VARIABLE, "ours")
    for _ in range(3):
        die_once(job, batch=1)
        assert give_back("of another `up` on this machine") == 0
        assert give_back("ours") == 1
        assert services.recover_stale_imports() == 1  # no need to wait until it looks lost
    run_import(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.added, job.duplicates, job.refused) == ("done", 1, *COUNTS)


def test_of_two_workers_one_gets_the_import(project: Project) -> None:
    job = started(project)
    assert claim(job.pk) is not None
    assert claim(job.pk) is None


def test_a_worker_that_was_replaced_writes_nothing_more(project: Project) -> None:
    job = started(project)
    replaced: list[int] = []

    def replace_me(so_far: ImportJob) -> None:
        if not replaced:
            replaced.append(project.documents.count())
            go_stale(job)
            assert claim(job.pk) is not None

    run_import(job.pk, on_batch=replace_me)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.rows_read) == ("running", 2, 1000)
    assert project.documents.count() == replaced[0]


def test_neither_does_one_whose_import_was_given_back_and_taken_by_another(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt of a stopped worker is not counted, so the other's has the same number."""
    monkeypatch.setenv(crew.VARIABLE, "ours")
    job = started(project)
    replaced: list[int] = []

    def replace_me(so_far: ImportJob) -> None:
        if not replaced:
            replaced.append(project.documents.count())
            assert give_back("ours") == 1
            assert claim(job.pk) is not None

    run_import(job.pk, on_batch=replace_me)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.rows_read) == ("running", 1, 1000)
    assert project.documents.count() == replaced[0]


def test_a_cancelled_import_stops_and_keeps_what_it_has(project: Project) -> None:
    job = started(project)
    told: list[ImportJob] = []

    def listen(job: ImportJob, **_: Any) -> None:
        told.append(job)

    import_finished.connect(listen)
    run_import(job.pk, on_batch=lambda _: services.cancel_import(job=job))
    import_finished.disconnect(listen)
    job.refresh_from_db()
    assert (job.state, job.rows_read, project.documents.count()) == ("cancelled", 1000, job.added)
    assert not upload_path(job).exists()
    assert [one.pk for one in told] == [job.pk]
    with pytest.raises(ImportStateError):
        services.cancel_import(job=job)


@pytest.mark.parametrize("meanwhile", ["cancelled", "queued"])
def test_a_forgotten_file_that_somebody_else_was_quicker_with_hinders_no_upload(
    project: Project, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """Two are found; while the first is thrown away, the other is by another upload, or it is started."""
    for text in ("one", "two"):
        upload(project, f"text\n{text}\n")
    ImportJob.objects.update(created_at=timezone.now() - services.FORGOTTEN_UPLOADS - timedelta(days=1))

    def somebody_is_quicker(job: ImportJob) -> Path:
        ImportJob.objects.filter(state="uploaded").update(state=meanwhile)
        return upload_path(job)

    monkeypatch.setattr(services, "upload_path", somebody_is_quicker)
    upload(project, "text\nthree\n")
    assert list(ImportJob.objects.order_by("pk").values_list("state", flat=True)) in (
        ["cancelled", meanwhile, "uploaded"],
        [meanwhile, "cancelled", "uploaded"],
    )


def test_a_second_import_waits_for_the_first(project: Project) -> None:
    started(project)
    with pytest.raises(ImportStateError, match="Another import"):
        services.start_import(job=upload(project, "text\none\n"), background=False)


def test_memory_does_not_grow_with_the_file(project: Project) -> None:
    """Four times the rows, the same peak: what is held is a batch, not the file."""

    def peak_megabytes(rows: int) -> float:
        words = "We may change these terms at any time and without a notice " * 4
        job = upload(project, "text\n" + "".join(f"{words} {rows} {n}\n" for n in range(rows)))
        services.start_import(job=job, background=False)
        tracemalloc.start()
        run_import(job.pk)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        job.refresh_from_db()
        assert job.added == rows
        return peak / 1e6

    small, large = peak_megabytes(2_000), peak_megabytes(8_000)
    assert large < 1.2 * small + 1
    assert large < 25

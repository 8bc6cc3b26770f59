"""Trying an import out tells what it would do and changes nothing."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_q.brokers import get_broker

from labeller.corpus import dry_run
from labeller.corpus.dry_run import request_dry_run, run_dry_run
from labeller.corpus.errors import ImportStateError
from labeller.corpus.models import Document, ImportJob, RefusedLine
from labeller.learning import recovery
from labeller.projects.models import Label, Project
from tests.corpus.files import imported, remap, upload

pytestmark = pytest.mark.django_db
CONTENT = "text,label\none,Court\nONE,Court\ntwo,new\n\nthree\nfour,\nzero,Other\n"


def tried(project: Project) -> ImportJob:
    imported(upload(project, "text\nzero\n"))
    job = remap(upload(project, CONTENT), label_use="annotations")
    request_dry_run(job=job)
    return job


def test_it_counts_what_an_import_then_does(project: Project) -> None:
    job = tried(project)
    told = job.dry_run
    assert (told["state"], told["rows"], told["added"]) == ("done", 6, 3)
    assert (told["duplicates_in_file"], told["duplicates_in_project"], told["refused"]) == (1, 1, 1)
    assert (told["new_labels"], told["labelled"]) == (["new"], 3)
    assert told["refusals"] == [{"line": 6, "reason": "1 column, but the header has 2", "beginning": "three"}]
    imported(job)
    assert (job.added, job.duplicates, job.refused) == (3, 2, 1)


def test_it_changes_nothing(project: Project) -> None:
    tried(project)
    assert (Document.objects.count(), RefusedLine.objects.count(), Label.objects.count()) == (1, 0, 3)


def test_a_changed_mapping_makes_it_void(project: Project) -> None:
    job = remap(tried(project), label_use="ignore")
    assert job.dry_run == {}


def test_it_finds_repeats_across_batches(project: Project) -> None:
    job = upload(project, "text\n" + "".join(f"text {n % 1200}\n" for n in range(2500)))
    request_dry_run(job=job)
    assert (job.dry_run["added"], job.dry_run["duplicates_in_file"]) == (1200, 1300)


def test_a_large_file_is_read_in_the_background(
    project: Project, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    monkeypatch.setattr(dry_run, "INLINE_BYTES", 10)
    job = upload(project, "text\none\ntwo\n")
    broker = get_broker("quick")
    broker.purge_queue()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        request_dry_run(job=job)
    assert job.dry_run["state"] == "queued"
    assert broker.queue_size() == 1
    broker.purge_queue()
    run_dry_run(job.pk)
    job.refresh_from_db()
    assert (job.dry_run["state"], job.dry_run["added"]) == ("done", 2)


def test_a_dry_run_that_the_broker_lost_is_handed_out_again_once(
    project: Project, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    monkeypatch.setattr(dry_run, "INLINE_BYTES", 10)
    job = upload(project, "text\none\ntwo\n")
    request_dry_run(job=job)
    assert dry_run.recover_lost_dry_runs() == 0  # it may well be on its way
    long_ago = (timezone.now() - 2 * dry_run.LOST).isoformat()
    ImportJob.objects.update(dry_run=job.dry_run | {"started_at": long_ago})
    broker = get_broker("quick")
    broker.purge_queue()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert [recovery.recover(), recovery.recover()] == [1, 0]
    assert broker.queue_size() == 1
    broker.purge_queue()


def test_a_file_that_cannot_be_read_says_why(project: Project) -> None:
    job = remap(upload(project, "täxt,id\none,1\n".encode("cp1252")), encoding="utf-8")
    request_dry_run(job=job)
    assert job.dry_run["state"] == "failed"
    assert "Line 1 should name the columns" in job.dry_run["reason"]


def test_a_started_import_cannot_be_tried(project: Project) -> None:
    with pytest.raises(ImportStateError):
        request_dry_run(job=imported(upload(project, "text\none\n")))

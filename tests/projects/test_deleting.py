"""Deleted for good: asked for by name, done by a worker in small steps, taken up again after a killed one; no row and
no file stays, and other projects are untouched."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from pydoc import locate
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from labeller.corpus.models import Document, ImportJob
from labeller.corpus.query import parse
from labeller.corpus.word_search import has_words
from labeller.learning import recovery, services
from labeller.learning.models import LoopState, ModelExport, ModelVersion, TrainingRun
from labeller.notices.models import Notice
from labeller.projects import archiving, deleting
from labeller.projects.belongings import Table, tables
from labeller.projects.history import GuidelinesVersion
from labeller.projects.models import Label, Project, User
from tests.cast import add_texts
from tests.projects.full_project import files_of, rows_by_table
from tests.projects.refusals import ClientOf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_haste")]


def no_sign_for(seconds: float) -> None:
    """Let the clock go on for whoever looks for lost deletions."""
    Project.objects.exclude(deletion_asked_at=None).update(deletion_beat_at=timezone.now() - timedelta(seconds=seconds))


# --- What goes ---


def test_no_row_and_no_file_stays_and_another_project_is_untouched(asked, other):
    before = rows_by_table(other.pk)
    assert 0 not in before.values() and 0 not in rows_by_table(asked.pk).values()
    assert deleting.carry_on(asked.pk)
    assert set(rows_by_table(asked.pk).values()) == {0}
    assert not Project.objects.filter(pk=asked.pk).exists()
    assert not any(folder.exists() for folder in files_of(asked))
    assert rows_by_table(other.pk) == before
    assert all((folder / "versions" / "1" / "meta.json").exists() for folder in files_of(other))
    connection.check_constraints()


def test_nothing_of_it_is_left_in_any_table(asked, other):
    """As above, by counting all rows: also those that would belong to nobody now."""
    everything = {table.model: table.model._base_manager.count() for table in tables()}
    going = {table.model: table.rows(asked.pk).count() for table in tables()}
    deleting.carry_on(asked.pk)
    assert {table.model: table.model._base_manager.count() for table in tables()} == {
        model: count - going[model] for model, count in everything.items()
    }


def test_its_people_stay(asked, alice, bob):
    deleting.carry_on(asked.pk)
    assert set(User.objects.values_list("username", flat=True)) == {"alice", "bob", "rita"}


def test_no_word_of_it_is_found_any_more(project, other):
    add_texts(project, ["The plaintiff Zebulon sues.", "Zebulon appeals."])
    add_texts(other, ["Zebulon is somebody else here."])
    assert len(found(project, "zebulon")) == 2
    archiving.archive(project=project)
    deleting.ask_for_deletion(project=project, name=project.name)
    assert deleting.carry_on(project.pk)
    assert len(found(other, "zebulon")) == 1 and found(project, "zebulon") == []
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT rowid FROM corpus_words WHERE corpus_words MATCH 'zebulon'")
            indexed = {pk for (pk,) in cursor.fetchall()}
        assert indexed == set(Document.objects.filter(text__contains="Zebulon").values_list("pk", flat=True))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps words with the row they belong to")
@pytest.mark.parametrize("turn_s", [600.0, -1.0])
def test_the_index_keeps_no_words_of_it_in_its_pages(project, other, turn_s, monkeypatch):
    for kept in (other, project, other):  # written by turns, so that the index has several parts
        mark = "Qumran" if kept == other else "Zebulon"
        add_texts(kept, [f"{mark}{at} is the {kept.documents.count() + at}th party." for at in range(300)])
    archiving.archive(project=project)
    deleting.ask_for_deletion(project=project, name=project.name)
    monkeypatch.setattr(deleting, "TURN_S", turn_s)
    monkeypatch.setattr("labeller.corpus.word_index.MERGED_AT_ONCE", 1)
    monkeypatch.setattr("labeller.queueing.async_task", lambda *_, **__: None)
    assert pages_with("ebulon") > 0
    assert any(deleting.carry_on(project.pk) for _ in range(500))
    assert pages_with("ebulon") == 0 and pages_with("umran") > 0
    assert len(found(other, "qumran*")) == 600


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL frees rows at its next VACUUM")
@pytest.mark.django_db(transaction=True)
def test_no_byte_of_its_texts_stays_in_the_file_or_in_its_log(project, monkeypatch):
    monkeypatch.setattr("labeller.queueing.async_task", lambda *_, **__: None)
    path = Path(connection.settings_dict["NAME"])
    files = [path, path.with_name(f"{path.name}-wal")]
    add_texts(project, [f"Xerxophon{at} is the {at}th party." for at in range(300)])
    archiving.archive(project=project)
    deleting.ask_for_deletion(project=project, name=project.name)
    assert any(b"erxophon" in file.read_bytes() for file in files)
    assert deleting.carry_on(project.pk)
    assert not any(b"erxophon" in file.read_bytes() for file in files)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL frees rows at its next VACUUM")
@pytest.mark.django_db(transaction=True)
def test_a_log_that_is_being_read_is_left_to_the_next(project, monkeypatch):
    monkeypatch.setattr("labeller.queueing.async_task", lambda *_, **__: None)
    monkeypatch.setattr(deleting, "TRIES", 2)
    monkeypatch.setattr(deleting, "PATIENCE_MS", 1)
    monkeypatch.setattr(deleting, "BETWEEN_TRIES_S", 0.0)
    archiving.archive(project=project)
    deleting.ask_for_deletion(project=project, name=project.name)
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as reader, capture_logs() as logged:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM projects_project").fetchone()
        assert deleting.carry_on(project.pk)
    assert [line["event"] for line in logged] == ["log_not_emptied", "project_deleted"]


def pages_with(part: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM corpus_words_data WHERE instr(block, CAST(%s AS BLOB))", [part])
        return int(cursor.fetchone()[0])


def found(project: Project, words: str) -> list[int]:
    return list(Document.objects.filter(has_words(project, parse(words)), project=project).values_list("pk", flat=True))


# --- How ---


@pytest.fixture
def deleted_at_once() -> Iterator[list[int]]:
    """How many rows each DELETE took."""
    counts: list[int] = []

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("DELETE"):
            counts.append(context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(watch):
        yield counts


def test_many_rows_go_a_batch_at_a_time(asked, monkeypatch, deleted_at_once):
    add_texts(asked, [f"Text {at}" for at in range(20)])
    monkeypatch.setattr(deleting, "BATCH", 3)
    assert deleting.carry_on(asked.pk)
    assert max(deleted_at_once) == 3
    assert sum(deleted_at_once) > 60


def test_when_its_turn_is_over_others_get_the_worker_and_it_goes_on_later(asked, monkeypatch, enqueued):
    monkeypatch.setattr(deleting, "TURN_S", -1.0)
    assert not deleting.carry_on(asked.pk)
    assert enqueued == [(deleting.TASK, asked.pk)]
    monkeypatch.setattr(deleting, "TURN_S", 600.0)
    assert deleting.carry_on(asked.pk)


def test_a_turn_goes_on_where_the_last_one_ended(asked, monkeypatch, enqueued):
    """Else each of the many short ones would look through all tables again."""
    asked_for: list[tuple[type, int]] = []
    some_keys = Table.some_keys

    def watched(table: Table, project_id: int, *, after: int, count: int) -> list[int]:
        asked_for.append((table.model, after))
        return some_keys(table, project_id, after=after, count=count)

    monkeypatch.setattr(Table, "some_keys", watched)
    monkeypatch.setattr(deleting, "TURN_S", -1.0)
    monkeypatch.setattr(deleting, "BATCH", 1)
    assert any(deleting.carry_on(asked.pk) for _ in range(500))
    assert len(asked_for) == len(set(asked_for)) > len(tables())


def test_a_place_that_this_version_does_not_know_is_the_beginning(asked):
    Project.objects.filter(pk=asked.pk).update(deletion_table="old.Table", deletion_key=10**9)
    assert deleting.carry_on(asked.pk)
    assert set(rows_by_table(asked.pk).values()) == {0}


def test_a_killed_worker_s_deletion_is_taken_up_again(asked, other, monkeypatch, enqueued):
    before = rows_by_table(other.pk)
    delete, left = Table.delete, iter(range(12))

    def killed_in_the_middle(table: Table, keys: list[int]) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        delete(table, keys)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Table, "delete", killed_in_the_middle)
        deleting.carry_on(asked.pk)
    assert 0 in (rows := rows_by_table(asked.pk).values()) and any(rows)
    assert not deleting.carry_on(asked.pk), "the killed one may still be at work"
    assert not deleting.recover_deletions()
    no_sign_for(61)
    assert deleting.recover_deletions() == 1 and not deleting.recover_deletions()
    assert enqueued == [(deleting.TASK, asked.pk)]
    assert deleting.carry_on(asked.pk)
    assert set(rows_by_table(asked.pk).values()) == {0} and rows_by_table(other.pk) == before


def test_a_process_that_slept_through_its_replacement_stops(asked):
    turn = deleting._claim(asked.pk)
    assert turn is not None
    no_sign_for(61)
    assert deleting._claim(asked.pk) is not None
    with pytest.raises(deleting._Superseded), turn.step():
        pytest.fail("it went on")


def test_what_a_last_request_writes_meanwhile_goes_too(asked, monkeypatch):
    delete = Table.delete

    def with_a_late_row(table: Table, keys: list[int]) -> None:
        if table.model is Label:  # long after the table of versions was emptied
            GuidelinesVersion.objects.get_or_create(project=asked, number=9, defaults={"labels": []})
        delete(table, keys)

    monkeypatch.setattr(Table, "delete", with_a_late_row)
    assert deleting.carry_on(asked.pk)
    assert not GuidelinesVersion.objects.filter(project=asked.pk).exists()


@pytest.mark.django_db(transaction=True)  # a row that names a deleted one is found out at the commit
def test_a_row_that_comes_back_in_an_emptied_table_is_no_hindrance_for_good(enqueued, asked, monkeypatch):
    """It names a run, which cannot go before it."""
    delete, run = Table.delete, TrainingRun.objects.filter(project=asked).first()
    assert run is not None
    late = iter([Notice(project=asked, run=run, kind="failed", sentence="Told late.")])

    def with_a_late_row(table: Table, keys: list[int]) -> None:
        if table.model is Label and (notice := next(late, None)):  # long after the table of notices was emptied
            notice.save()
        delete(table, keys)

    monkeypatch.setattr(Table, "delete", with_a_late_row)
    with capture_logs() as logged:
        assert not deleting.carry_on(asked.pk)
    assert [line["event"] for line in logged] == ["deletion_begins_again"]
    no_sign_for(16)
    assert deleting.recover_deletions() == 1 and enqueued == [(deleting.TASK, asked.pk)] * 2
    assert deleting.carry_on(asked.pk)
    assert set(rows_by_table(asked.pk).values()) == {0}


def test_a_file_that_cannot_be_removed_keeps_the_project_s_row(
    asked, alice, monkeypatch, client_of: ClientOf, enqueued
):
    def refuse(folder: Path) -> None:
        raise PermissionError(folder)

    browser = client_of(alice)
    with monkeypatch.context() as patched, capture_logs() as logged:
        patched.setattr(shutil, "rmtree", refuse)
        assert not deleting.carry_on(asked.pk)
    said = {"event": "deletion_stuck", "log_level": "error", "project": asked.pk, "path": str(files_of(asked)[1])}
    assert any(said.items() <= line.items() for line in logged)
    page = browser.get(reverse("projects")).content.decode()
    assert "is being deleted, and stuck: a folder on the server cannot be removed." in page
    no_sign_for(16)
    assert deleting.recover_deletions() == 1 and enqueued == [(deleting.TASK, asked.pk)]
    assert deleting.carry_on(asked.pk)


def test_it_is_not_stuck_any_more_once_the_folder_went(asked, monkeypatch):
    Project.objects.filter(pk=asked.pk).update(deletion_is_stuck=True)
    monkeypatch.setattr(deleting, "TURN_S", -1.0)
    deleting.carry_on(asked.pk)
    asked.refresh_from_db()
    assert not asked.deletion_is_stuck


def test_a_folder_of_the_last_moment_that_cannot_be_removed_keeps_the_row_too(asked, monkeypatch):
    remove, left = deleting._remove_folders, iter(range(1))

    def refuse_later(project_id: int) -> None:
        if next(left, None) is None:
            raise deleting._Stuck(files_of(asked)[0], PermissionError("no"))
        remove(project_id)

    with monkeypatch.context() as patched:
        patched.setattr(deleting, "_remove_folders", refuse_later)
        assert not deleting.carry_on(asked.pk)
    asked.refresh_from_db()
    assert asked.deletion_is_stuck and asked.memberships.exists()
    assert deleting.carry_on(asked.pk)


def test_a_folder_that_comes_with_the_commit_is_named_in_the_log(asked, monkeypatch):
    left = iter(range(2))  # at the beginning, and before the commit

    def refuse_last(project_id: int) -> None:
        if next(left, None) is None:
            raise deleting._Stuck(files_of(asked)[0], PermissionError("no"))

    monkeypatch.setattr(deleting, "_remove_folders", refuse_last)
    with capture_logs() as logged:
        assert deleting.carry_on(asked.pk)
    assert [line["event"] for line in logged] == ["folder_left_behind", "project_deleted"]


def test_a_worker_finds_the_task_by_its_name(asked):
    locate(deleting.TASK)(asked.pk)  # type: ignore[operator]
    assert not Project.objects.filter(pk=asked.pk).exists()


def test_twice_does_no_harm(asked):
    assert deleting.carry_on(asked.pk)
    assert not deleting.carry_on(asked.pk)


def test_what_was_not_asked_to_go_stays(full, other):
    assert not deleting.carry_on(full.pk) and not deleting.carry_on(other.pk)
    assert Project.objects.count() == 2


# --- What is waited for ---


def running_import(project: Project) -> None:
    ImportJob.objects.filter(project=project).update(state="running", heartbeat_at=timezone.now(), path="gone")


def test_an_import_is_cancelled(asked, monkeypatch):
    running_import(asked)
    seen: list[str] = []
    monkeypatch.setattr(
        deleting, "_delete", lambda turn: seen.extend(ImportJob.objects.values_list("state", flat=True))
    )
    assert deleting.carry_on(asked.pk)
    assert "cancelled" in seen and "running" not in seen


def test_a_run_is_asked_to_cancel_and_waited_for(asked, enqueued):
    run = TrainingRun.objects.create(project=asked, kind="embed", state="running", heartbeat_at=timezone.now())
    assert not deleting.carry_on(asked.pk)
    run.refresh_from_db()
    assert run.cancel_requested and Document.objects.filter(project=asked).exists()
    TrainingRun.objects.filter(pk=run.pk).update(state="cancelled")
    no_sign_for(16)
    recovery.recover()
    assert (deleting.TASK, asked.pk) in enqueued
    assert deleting.carry_on(asked.pk)


def test_a_run_that_only_waited_is_not_waited_for(asked):
    run = TrainingRun.objects.create(project=asked, kind="embed", heartbeat_at=timezone.now())
    assert services.cancel(run=run)
    assert deleting.carry_on(asked.pk)


def test_a_zip_that_is_being_built_is_waited_for(asked):
    building = ModelExport.objects.filter(version__project=asked)
    building.update(state="running", heartbeat_at=timezone.now())
    assert not deleting.carry_on(asked.pk)
    building.update(state="done")
    assert deleting.carry_on(asked.pk)


def test_a_quick_refit_is_waited_for_unless_its_process_is_dead(asked):
    refit = LoopState.objects.filter(project=asked)
    refit.update(refresh_claim=uuid.uuid4(), refresh_claimed_at=timezone.now())
    assert not deleting.carry_on(asked.pk)
    refit.update(refresh_claimed_at=timezone.now() - timedelta(minutes=5))
    assert deleting.carry_on(asked.pk)


def test_versions_that_others_rest_on_are_no_hindrance(asked):
    assert ModelVersion.objects.filter(project=asked).exclude(base=None).exists()
    assert deleting.carry_on(asked.pk)

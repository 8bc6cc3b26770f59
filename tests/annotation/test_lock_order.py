"""Whoever changes labels locks the project first, then the turn of its answers, then labels: two orders would be a
deadlock on PostgreSQL. No act says that it is about the project's key, for which every answer would have to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from labeller.annotation.gold import make_gold
from labeller.annotation.label_changes import end_look, look_again, split_label
from labeller.annotation.turn import turn
from labeller.projects import locks
from labeller.projects.guideline_versions import restore_version
from labeller.projects.history import GuidelinesVersion
from labeller.projects.labels import Draft, LabelInUse, add_drafts, delete_label, edit_label, move_label
from labeller.projects.merging import merge_labels, undo_merge
from labeller.projects.models import Label, Project
from tests.annotation.acts import give, one
from tests.cast import add_texts

ORDER = ["project", "turn", "label"]
WRITES = {
    'UPDATE "projects_project"': "project",
    'FROM "annotation_servingcounter"': "turn",
    'INTO "projects_label"': "label",
    'UPDATE "projects_label"': "label",
    'DELETE FROM "projects_label"': "label",
}


@contextmanager
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is locked or written, in its order."""
    order: list[str] = []
    select_for_update = QuerySet.select_for_update

    def asked(rows: QuerySet[Any], **options: Any) -> QuerySet[Any]:
        if rows.model is Project:
            assert options == {"no_key": True}
        order.append(rows.model.__name__.lower())
        return select_for_update(rows, **options)

    def run(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        order.extend(name for start, name in WRITES.items() if start in sql)
        return execute(sql, *rest)

    with monkeypatch.context() as patched, connection.execute_wrapper(run):
        patched.setattr(QuerySet, "select_for_update", asked)
        yield order


def edit(project: Project, label: Label) -> Callable[[], object]:
    facts = {"name": "Renamed", "description": "", "colour": label.colour, "hotkey": label.hotkey}
    return lambda: edit_label(label=label, **facts)


def add(project: Project, label: Label) -> Callable[[], object]:
    return lambda: add_drafts(project=project, drafts=[Draft("New")])


def move(project: Project, label: Label) -> Callable[[], object]:
    return lambda: move_label(label=label, up=False)


def delete(project: Project, label: Label) -> Callable[[], object]:
    return lambda: delete_label(label=label)


def merge(project: Project, label: Label, into: str = "Either") -> Callable[[], Any]:
    other = project.labels.exclude(pk=label.pk).first()
    assert other is not None
    return lambda: merge_labels(project=project, labels=[label, other], into=into)


def undo(project: Project, label: Label) -> Callable[[], object]:
    merged = merge(project, label)()
    return lambda: undo_merge(merge=merged)


def split(project: Project, label: Label) -> Callable[[], Any]:
    return lambda: split_label(project=project, label=label, drafts=[Draft("A"), Draft("B")], stays=False)


def look(project: Project, label: Label) -> Callable[[], Any]:
    return lambda: look_again(project=project, label=label)


def end(project: Project, label: Label) -> Callable[[], object]:
    begun = split(project, label)()
    return lambda: end_look(look=begun)


def restore(project: Project, label: Label) -> Callable[[], object]:
    edit(project, label)()
    edit_label(label=label, name="Again", description="", colour=label.colour, hotkey=label.hotkey)
    version = GuidelinesVersion.objects.filter(project=project).order_by("number").first()
    assert version is not None
    return lambda: restore_version(version=version)


@pytest.mark.django_db
@pytest.mark.parametrize("act", [edit, add, move, delete, merge, undo, split, look, end, restore])
def test_labels_are_changed_in_one_order_of_locks(act, project, monkeypatch):
    label = project.labels.first()
    with turn(project):
        pass  # its row is there
    ready = act(project, label)
    with locked(monkeypatch) as order:
        ready()
    first = list(dict.fromkeys(order))
    assert first == [one for one in ORDER if one in first] and first[0] == "project"
    assert ("turn" in first) == (act in (delete, undo, split, look, end))


@pytest.mark.django_db
def test_gold_is_made_in_turn_with_the_answers_so_that_its_labels_stay(project, alice, monkeypatch):
    (document,) = add_texts(project, ["We may change these terms."])
    with turn(project):
        pass  # its row is there
    with locked(monkeypatch) as order:
        make_gold(project=project, by=alice, document=document, label_ids=[project.labels.first().pk])
    assert order[0] == "turn" and "goldtext" in order


@pytest.mark.django_db(transaction=True)
def test_a_label_that_somebody_is_about_to_give_is_not_deleted(project, bob, monkeypatch):
    """On PostgreSQL an answer locks its labels no sooner than at its commit: it would fail there."""
    add_texts(project, ["We may change these terms."])
    label, served, at_the_turn, said = project.labels.first(), one(project, bob), threading.Event(), []

    @contextmanager
    def announced(of: Project) -> Iterator[object]:
        at_the_turn.set()
        with turn(of) as counter:
            yield counter

    def remove() -> None:
        try:
            delete_label(label=label)
        except LabelInUse as reason:
            said.append(str(reason))
        finally:
            connection.close()

    monkeypatch.setattr(locks, "turns", [announced])
    thread = threading.Thread(target=remove)
    with turn(project):
        give(project, bob, served, label)
        thread.start()
        if connection.vendor == "postgresql":  # SQLite lets nobody in meanwhile
            assert at_the_turn.wait(timeout=30)
    thread.join(timeout=30)
    assert [reason[:37] for reason in said] == ["“Change” stays: 1 answer names it, an"]
    assert project.labels.filter(pk=label.pk).exists()

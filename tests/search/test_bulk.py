"""Labelling a list at once: exact numbers, chunks that may be done twice, and one undo."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeller.annotation.models import Annotation, Source
from labeller.search import bulk, tasks
from labeller.search.models import BulkAct
from tests.annotation.acts import free_and_reserved
from tests.cast import add_texts, make_project

State = BulkAct.State


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Text {number}" for number in range(60)])


@pytest.fixture
def court(project):
    return project.labels.get(name="Court")


@pytest.fixture
def handed_out(monkeypatch):
    """What the workers would be asked to do."""
    asked: list[int] = []
    monkeypatch.setattr("labeller.queueing.enqueue", lambda task, pk, *, cluster: asked.append(pk) or True)
    return asked


def begin(project, annotator, documents, *labels, **options) -> BulkAct:
    fields = {"key": uuid.uuid4(), "found_by": "Labelled as a list: fee"} | options
    return bulk.begin(
        project=project,
        annotator=annotator,
        document_ids=[document.pk for document in documents],
        label_ids=[label.pk for label in labels],
        **fields,
    )


def current(project):
    return Annotation.objects.filter(project=project, superseded_at=None)


def test_a_short_list_is_labelled_at_once_and_what_was_left_is_counted(project, bob, texts, court):
    free, reserve = free_and_reserved(texts)
    act = begin(project, bob, texts, court)
    assert (act.state, act.given, act.left) == (State.DONE, len(free), {"reserve": len(reserve)})
    assert current(project).count() == len(free)
    assert set(current(project).values_list("source", flat=True)) == {Source.SEARCH}


def test_one_undo_takes_all_of_it_back_and_restores_what_was_before(project, bob, texts, court):
    other = project.labels.get(name="Other")
    before = begin(project, bob, texts[:5], other, take_reserve=True)
    act = begin(project, bob, texts, court, replace_mine=True, take_reserve=True)
    assert act.given == 60
    act = bulk.undo(act=act)
    assert (act.state, act.taken_back) == (State.UNDONE, 60)
    assert set(current(project).values_list("labels__name", "document_id")) == {("Other", one.pk) for one in texts[:5]}
    assert bulk.undo(act=act).state == State.UNDONE
    assert bulk.undo(act=before).taken_back == 5 and not current(project).exists()


def test_sent_twice_it_is_one_act(project, bob, texts, court):
    key = uuid.uuid4()
    first, second = (begin(project, bob, texts[:9], court, key=key, take_reserve=True) for _ in range(2))
    assert first.pk == second.pk and current(project).count() == 9


@pytest.mark.usefixtures("project")
def test_a_short_act_whose_request_died_is_done_when_it_is_sent_again(project, bob, texts, court, monkeypatch):
    free, key = free_and_reserved(texts)[0][:3], uuid.uuid4()
    with monkeypatch.context() as killed:
        killed.setattr("labeller.search.bulk.carry_on", lambda pk: None)
        assert begin(project, bob, free, court, key=key).state == State.LABELLING
    assert (begin(project, bob, free, court, key=key).state, current(project).count()) == (State.DONE, 3)
    with monkeypatch.context() as killed:
        killed.setattr("labeller.search.bulk.carry_on", lambda pk: None)
        assert bulk.undo(act=BulkAct.objects.get()).state == State.UNDOING
    assert (bulk.undo(act=BulkAct.objects.get()).state, current(project).count()) == (State.UNDONE, 0)


def test_a_key_that_somebody_else_has_used_is_refused(project, alice, bob, texts, court):
    act = begin(project, bob, texts[:1], court)
    with pytest.raises(bulk.ActRefused, match="Reload"):
        begin(project, alice, texts[:1], court, key=act.key)


def test_what_cannot_be_is_refused_in_a_sentence(project, bob, texts, court, monkeypatch):
    with pytest.raises(bulk.ActRefused, match="No text was chosen"):
        begin(project, bob, [], court)
    with pytest.raises(bulk.ActRefused, match="exactly one label"):
        begin(project, bob, texts)
    with pytest.raises(bulk.ActRefused, match="is not in this project"):
        begin(project, bob, texts, make_project(name="Another").labels.first())
    monkeypatch.setattr(bulk, "MOST", 10)
    with pytest.raises(bulk.ActRefused, match="At most 10 texts"):
        begin(project, bob, texts, court)
    assert not BulkAct.objects.exists()


class TestManyTexts:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        monkeypatch.setattr(bulk, "AT_ONCE", 10)
        monkeypatch.setattr(bulk, "CHUNK", 25)

    def test_a_worker_does_them_in_chunks(self, project, bob, texts, court, handed_out):
        act = begin(project, bob, texts, court, take_reserve=True)
        assert (act.state, act.given, handed_out) == (State.LABELLING, 0, [act.pk])
        tasks.carry_on(act.pk)
        act.refresh_from_db()
        assert (act.state, act.given, act.looked_at) == (State.DONE, 60, 60)
        tasks.carry_on(act.pk)  # handed out again by the broker
        assert current(project).count() == 60

    def test_a_killed_worker_s_act_goes_on_where_it_stopped(self, project, bob, texts, court, handed_out, monkeypatch):
        act = begin(project, bob, texts, court, take_reserve=True)
        real, calls = bulk.label_found, []

        def killed_in_the_second(**given):
            calls.append(given)
            outcome = real(**given)
            if len(calls) == 2:
                raise KeyboardInterrupt  # after the chunk was committed, before it was noted
            return outcome

        monkeypatch.setattr(bulk, "label_found", killed_in_the_second)
        with pytest.raises(KeyboardInterrupt):
            tasks.carry_on(act.pk)
        act.refresh_from_db()
        assert (act.looked_at, act.given, current(project).count()) == (25, 25, 50)
        tasks.carry_on(act.pk)  # its claim is still fresh
        assert current(project).count() == 50 and not bulk.is_silent(act)
        BulkAct.objects.update(heartbeat_at=timezone.now() - 2 * bulk.SILENT)
        act.refresh_from_db()
        assert bulk.is_silent(act)
        monkeypatch.setattr(bulk, "label_found", real)
        tasks.carry_on(act.pk)
        act.refresh_from_db()
        assert (act.state, act.given, current(project).count()) == (State.DONE, 60, 60)

    def test_it_is_undone_by_a_worker_too_but_not_while_it_goes_on(self, project, bob, texts, court, handed_out):
        act = begin(project, bob, texts, court, take_reserve=True)
        with pytest.raises(bulk.ActRefused, match="still being labelled"):
            bulk.undo(act=act)
        tasks.carry_on(act.pk)
        act = bulk.undo(act=act)
        assert act.state == State.UNDOING
        tasks.carry_on(act.pk)
        act.refresh_from_db()
        assert (act.state, act.taken_back) == (State.UNDONE, 60) and not current(project).exists()

    def test_a_label_deleted_meanwhile_ends_it_with_a_reason(self, project, bob, texts, court, handed_out):
        act = begin(project, bob, texts, court)
        court.delete()
        tasks.carry_on(act.pk)
        act.refresh_from_db()
        assert act.state == State.DONE and "is not in this project any more" in act.reason and act.given == 0


@pytest.mark.parametrize("fields", [{"looked_at": 6}, {"given": 6}])
def test_the_database_holds_an_act_to_its_texts(project, bob, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        BulkAct.objects.create(project=project, annotator=bob, documents="1-5", total=5, found_by="", **fields)

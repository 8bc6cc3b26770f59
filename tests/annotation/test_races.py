"""Real threads against the real database: the constraints and the lock decide, not luck."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import connection, connections
from django.db.models import Count
from django.db.models.signals import pre_delete

from labeller.annotation import services
from labeller.annotation.audit import audit_threshold
from labeller.annotation.gold import make_gold, take_back_gold
from labeller.annotation.models import Annotation, GoldText, Lease, ServingCounter, Source
from labeller.annotation.overlap import Overlap
from labeller.annotation.serving import AHEAD
from tests.annotation.acts import give, let_go
from tests.beside import beside_signal
from tests.cast import add_texts, join, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 8


def at_once(works):
    """Run these functions in a thread each, started together. Returns their results; an exception is raised here."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.fail("An in-memory database is one connection for all: these tests need a file.")
    gate, results, problems = threading.Barrier(len(works)), [None] * len(works), []

    def run(number, work):
        try:
            gate.wait(timeout=20)
            results[number] = work()
        except Exception as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if problems:
        raise problems[0]
    return results


@pytest.fixture
def crowd(project):
    people = [make_user(f"person{number}") for number in range(PEOPLE)]
    for person in people:
        join(project, person)
    return people


def test_eight_people_at_once_get_eight_times_as_many_different_texts(project, crowd):
    add_texts(project, [f"Clause {number}" for number in range(40)])
    held = at_once([lambda person=person: services.serve(project=project, annotator=person) for person in crowd])
    documents = [text.document_id for texts in held for text in texts]
    assert len(documents) == PEOPLE * AHEAD == len(set(documents))


def test_of_many_requests_for_the_last_text_one_gets_it(project, crowd):
    add_texts(project, ["The last clause"])
    held = at_once([lambda person=person: services.serve(project=project, annotator=person) for person in crowd])
    assert sorted(len(texts) for texts in held) == [0] * (PEOPLE - 1) + [1]
    assert Lease.objects.count() == 1


def test_two_tabs_of_one_person_share_their_leases(project, crowd):
    add_texts(project, [f"Clause {number}" for number in range(40)])
    held = at_once([lambda: services.serve(project=project, annotator=crowd[0])] * 4)
    assert all(texts == held[0] for texts in held)
    assert Lease.objects.count() == AHEAD


def test_the_same_answer_posted_four_times_at_once_is_one_annotation(project, crowd):
    add_texts(project, ["A clause"])
    served = services.serve(project=project, annotator=crowd[0])[0]
    label, key = project.labels.first(), uuid.uuid4()
    saved = at_once([lambda: give(project, crowd[0], served, label, key=key)] * 4)
    assert len({annotation.pk for annotation in saved}) == 1 == Annotation.objects.count()


def test_different_answers_at_once_leave_one_current_and_lose_none(project, crowd):
    add_texts(project, ["A clause"])
    served = services.serve(project=project, annotator=crowd[0])[0]
    labels = list(project.labels.all())
    at_once([lambda label=label: give(project, crowd[0], served, label) for label in labels])
    assert Annotation.objects.count() == 3
    assert Annotation.objects.filter(superseded_at=None).count() == 1
    assert Annotation.objects.exclude(superseded_by=None).count() == 2


def test_while_all_answer_and_fetch_no_text_is_handed_out_or_answered_twice(project, crowd):
    add_texts(project, [f"Clause {number}" for number in range(50)])
    label = project.labels.first()

    def work(person):
        while texts := services.serve(project=project, annotator=person):
            give(project, person, texts[0], label)

    at_once([lambda person=person: work(person) for person in crowd])
    answers = Annotation.objects.values("document").annotate(n=Count("id"))
    assert answers.count() == 50 and set(answers.values_list("n", flat=True)) == {1}
    assert Lease.objects.count() == 50
    assert ServingCounter.objects.get(project=project).labelled == 50


@pytest.mark.parametrize(("on", "per_cent"), [("drawn", 50), ("all", 50)], ids=["of a share", "of every text"])
def test_while_all_answer_leave_and_come_back_no_text_gets_more_than_it_wants(project, crowd, on, per_cent):
    project.overlap, project.overlap_on, project.overlap_share = 2, on, per_cent
    project.save()
    documents = add_texts(project, [f"Clause {number}" for number in range(30)])
    label = project.labels.first()

    def work(number, person):
        while texts := services.serve(project=project, annotator=person, count=2):
            give(project, person, texts[0], label)
            if number % 2:  # these leave after every answer
                keys = [text.key for text in texts[1:]]
                let_go(project, person, keys)

    at_once([lambda pair=pair: work(*pair) for pair in enumerate(crowd)])
    while [
        give(project, person, text, label)
        for person in crowd
        for text in services.serve(project=project, annotator=person)
    ]:
        pass  # what was in somebody's hands when the others found nothing left
    overlap, below = Overlap.of(project), audit_threshold(30)
    answers = dict(Annotation.objects.values("document").annotate(n=Count("id")).values_list("document", "n"))
    assert answers == {one.pk: overlap.wanted(one.draw, audit=one.draw < below) for one in documents}


def test_many_at_once_may_meet_one_gold_text_and_none_of_them_twice(project, alice, crowd):
    project.gold_share = 50
    project.save()
    documents = add_texts(project, [f"Clause {number}" for number in range(40)])
    gold = max(documents, key=lambda one: one.draw)
    label = project.labels.first()
    make_gold(project=project, by=alice, document=gold, label_ids=[label.pk])

    def work(person):
        for _ in range(4):
            for text in services.serve(project=project, annotator=person, count=1):
                give(project, person, text, label)

    at_once([lambda person=person: work(person) for person in crowd])
    met = Annotation.objects.filter(document=gold, source=Source.GOLD)
    assert met.count() == met.values("annotator").distinct().count() >= 2
    assert Annotation.objects.filter(document=gold).exclude(source=Source.GOLD).count() <= 1


def test_a_text_made_gold_while_it_is_taken_back_is_gold_with_its_new_label(project, alice):
    text, (old, new, _) = add_texts(project, ["A clause"])[0], list(project.labels.all())
    gold = make_gold(project=project, by=alice, document=text, label_ids=[old.pk])

    def make():
        return make_gold(project=project, by=alice, document=text, label_ids=[new.pk])

    with beside_signal(pre_delete, GoldText, make) as makers:  # by then the labels it has were read
        assert take_back_gold(project=project, pk=gold.pk)
    assert [one.outcome() for one in makers] == [GoldText.objects.get()]
    assert [label.pk for label in GoldText.objects.get().labels.all()] == [new.pk]

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeller.annotation import selectors, services
from labeller.annotation.models import Annotation, Lease, ServingCounter
from labeller.annotation.services import AnswerRefused, UndoRefused
from labeller.annotation.signals import annotations_changed
from labeller.projects.models import Label
from tests.annotation.acts import free_and_reserved, give, one, rank
from tests.cast import add_texts, join, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def texts(project):
    return add_texts(project, [f"Clause {number}" for number in range(12)])


def current():
    return Annotation.objects.filter(superseded_at=None)


def test_an_answer_keeps_the_facts_of_its_lease(project, bob, texts, labels):
    rank(project, free_and_reserved(texts)[0], model_key="quick:1", prediction={"1": 0.5}, probability=0.125)
    saved = give(project, bob, one(project, bob), labels[1], seconds=4.5, comment="  odd  ")
    saved.refresh_from_db()
    assert [label.name for label in saved.labels.all()] == ["Court"]
    assert (saved.source, saved.reason, saved.model_key) == ("active", "Asked for a test", "quick:1")
    assert (saved.prediction, saved.probability, saved.pool_size) == ({"1": 0.5}, 0.125, 12)
    assert (saved.seconds, saved.comment) == (4.5, "odd")
    assert not Lease.objects.filter(closed_at=None).exists()


def test_the_same_key_twice_makes_one_annotation(project, bob, labels):
    served, key = one(project, bob), uuid.uuid4()
    first = give(project, bob, served, labels[0], key=key)
    assert give(project, bob, served, labels[0], key=key) == first
    assert Annotation.objects.count() == 1
    assert ServingCounter.objects.get(project=project).labelled == 1


def test_a_key_of_somebody_elses_answer_is_refused(project, alice, bob, labels):
    key = uuid.uuid4()
    give(project, bob, one(project, bob), labels[0], key=key)
    with pytest.raises(AnswerRefused, match="used for another answer"):
        give(project, alice, one(project, alice), labels[0], key=key)


def test_a_changed_mind_supersedes_and_keeps_the_first_answer(project, bob, labels):
    served = one(project, bob)
    first = give(project, bob, served, labels[0])
    second = give(project, bob, served, labels[1])
    first.refresh_from_db()
    assert first.superseded_by == second and first.superseded_at is not None
    assert list(current()) == [second]
    assert ServingCounter.objects.get(project=project).labelled == 1


@pytest.mark.parametrize(
    ("status", "count", "sentence"),
    [
        ("labelled", 0, "exactly one label; 0 were given"),
        ("labelled", 2, "exactly one label; 2 were given"),
        ("skipped", 1, "takes no labels; 1 were given"),
        ("maybe", 1, "not one of: labelled, skipped, unsure"),
    ],
)
def test_labels_that_do_not_fit_are_refused_in_words(project, bob, labels, status, count, sentence):
    with pytest.raises(AnswerRefused, match=sentence):
        give(project, bob, one(project, bob), *labels[:count], status=status)
    assert not Annotation.objects.exists()


def test_a_label_of_another_project_is_refused(project, bob):
    stranger = Label.objects.filter(project=make_project(name="Another")).first()
    with pytest.raises(AnswerRefused, match="not in this project"):
        give(project, bob, one(project, bob), stranger)


def test_somebody_elses_text_cannot_be_answered(project, alice, bob, labels):
    with pytest.raises(AnswerRefused, match="not handed to you"):
        give(project, alice, one(project, bob), labels[0])


def test_several_labels_or_none_are_an_answer_where_the_project_takes_several(bob):
    project = make_project("multi", name="Several")
    join(project, bob)
    add_texts(project, ["One", "Two"])
    labels = list(project.labels.all())
    both = give(project, bob, one(project, bob), labels[0], labels[2])
    none = give(project, bob, one(project, bob))
    assert set(both.labels.all()) == {labels[0], labels[2]}
    rows = {row.document_id: row.label_ids for row in selectors.current_labels(project)}
    assert rows == {both.document_id: (labels[0].pk, labels[2].pk), none.document_id: ()}


def test_an_answer_to_an_expired_lease_is_accepted_and_takes_the_text_back(project, alice, bob, labels):
    late = services.serve(project=project, annotator=bob, count=12)[0]
    Lease.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    taken = services.serve(project=project, annotator=alice, count=12)
    assert late.document_id in {text.document_id for text in taken}
    give(project, bob, late, labels[0])
    assert late.document_id not in {text.document_id for text in services.renew(project=project, annotator=alice)}


def test_undo_puts_the_text_back_in_hand_and_twice_goes_back_two(project, bob, labels):
    answered = [give(project, bob, one(project, bob), labels[0]) for _ in range(3)]
    assert services.undo(project=project, annotator=bob) == answered[2]
    assert services.undo(project=project, annotator=bob) == answered[1]
    held = services.serve(project=project, annotator=bob)
    assert [text.document_id for text in held][:2] == [answered[1].document_id, answered[2].document_id]
    assert list(current()) == [answered[0]]
    assert ServingCounter.objects.get(project=project).labelled == 1


def test_an_undone_change_of_mind_leaves_the_first_answer_standing(project, bob, labels):
    served = one(project, bob)
    first = give(project, bob, served, labels[0])
    give(project, bob, served, labels[1])
    services.undo(project=project, annotator=bob)
    assert list(current()) == [first]
    assert ServingCounter.objects.get(project=project).labelled == 1
    services.undo(project=project, annotator=bob)
    assert not current().exists()
    assert ServingCounter.objects.get(project=project).labelled == 0


def test_undo_by_key_may_be_repeated(project, bob, labels):
    kept = give(project, bob, one(project, bob), labels[0])
    undone = give(project, bob, one(project, bob), labels[0])
    for _ in range(2):
        assert services.undo(project=project, annotator=bob, key=undone.key) == undone
    assert list(current()) == [kept]


def test_undo_without_an_answer_is_nothing(project, bob):
    assert services.undo(project=project, annotator=bob) is None


def test_undo_reaches_only_ones_own_answers(project, alice, bob, labels):
    given = give(project, bob, one(project, bob), labels[0])
    assert services.undo(project=project, annotator=alice) is None
    assert services.undo(project=project, annotator=alice, key=given.key) is None
    assert list(current()) == [given]


def test_an_undone_skip_that_somebody_else_holds_stays_a_skip(project, alice, bob, labels):
    skipped = give(project, bob, one(project, bob), status="skipped")
    services.serve(project=project, annotator=alice, count=12)
    with pytest.raises(UndoRefused, match="Somebody else has this text"):
        services.undo(project=project, annotator=bob)
    assert list(current()) == [skipped]


def test_an_answer_after_an_undo_counts_once(project, bob, labels):
    give(project, bob, one(project, bob), labels[0])
    services.undo(project=project, annotator=bob)
    again = give(project, bob, one(project, bob), labels[1])
    assert [row.label_ids for row in selectors.current_labels(project)] == [(labels[1].pk,)]
    assert again.document_id == Annotation.objects.order_by("id")[0].document_id


def test_others_hear_of_an_answer_only_after_it_is_committed(project, bob, labels, django_capture_on_commit_callbacks):
    heard = []

    def listener(project_id, **_):
        heard.append(project_id)

    annotations_changed.connect(listener)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            give(project, bob, one(project, bob), labels[0])
            assert heard == []
        with django_capture_on_commit_callbacks(execute=True):
            services.undo(project=project, annotator=bob)
    finally:
        annotations_changed.disconnect(listener)
    assert heard == [project.pk, project.pk]


@pytest.mark.parametrize("facts", [{"probability": 1.5}, {"probability": -0.1}, {"seconds": -1.0}])
def test_the_database_refuses_impossible_numbers(project, bob, texts, facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        Annotation.objects.create(
            key=uuid.uuid4(),
            project=project,
            document=texts[0],
            annotator=bob,
            status="labelled",
            source="audit",
            **facts,
        )


def test_the_database_refuses_two_current_answers_of_one_person_to_one_text(project, bob, texts):
    facts = {"project": project, "document": texts[0], "annotator": bob, "status": "labelled", "source": "audit"}
    Annotation.objects.create(key=uuid.uuid4(), **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Annotation.objects.create(key=uuid.uuid4(), **facts)

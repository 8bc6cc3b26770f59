"""Changing an answer given earlier: a new fact beside the old one, with what was known when the text was asked."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from labeller.annotation import selectors, services
from labeller.annotation.models import Annotation, Lease, ServingCounter
from labeller.annotation.services import AnswerRefused, Said
from tests.annotation.acts import free_and_reserved, give, one, rank
from tests.cast import add_texts, join, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def texts(project):
    return add_texts(project, [f"Clause {number}" for number in range(12)])


def change(project, annotator, annotation, *labels, status="labelled", key=None, comment="", seconds=None):
    said = Said(key or uuid.uuid4(), status, [label.pk for label in labels], seconds, comment)
    return services.change(project=project, annotator=annotator, answer_key=annotation.key, said=said)


def current():
    return Annotation.objects.filter(superseded_at=None)


def counter(project):
    return ServingCounter.objects.get(project=project)


def test_a_change_supersedes_the_answer_and_keeps_it(project, bob, labels):
    first = give(project, bob, one(project, bob), labels[0])
    changed = change(project, bob, first, labels[1], comment=" on reflection ", seconds=7.5)
    first.refresh_from_db()
    assert (changed.before, first.superseded_by) == (first, changed.after)
    assert list(current()) == [changed.after]
    assert [label.name for label in changed.after.labels.all()] == ["Court"]
    assert (changed.after.comment, changed.after.seconds) == ("on reflection", 7.5)
    assert counter(project).labelled == 1


def test_an_audit_answer_stays_one_with_the_prediction_frozen_before_the_first(project, bob, texts, labels):
    reserved = free_and_reserved(texts)[1]
    rank(project, reserved, stream="audit", model_key="full:2", prediction={"1": 0.5}, probability=0.25)
    served = next(text for text in services.serve(project=project, annotator=bob, count=6) if text.source == "audit")
    first = give(project, bob, served, labels[0])
    after = change(project, bob, first, labels[1]).after
    facts = ("source", "reason", "model_key", "prediction", "probability", "pool_size", "document_id")
    assert [getattr(after, fact) for fact in facts] == [getattr(first, fact) for fact in facts]
    assert after.source == "audit" and counter(project).audit_labelled == 1
    assert next(selectors.current_labels(project)).is_audit


def test_the_same_key_twice_changes_once(project, bob, labels):
    first, key = give(project, bob, one(project, bob), labels[0]), uuid.uuid4()
    after = change(project, bob, first, labels[1], key=key).after
    assert change(project, bob, first, labels[1], key=key).after == after
    assert Annotation.objects.count() == 2


def test_a_change_named_by_an_answer_that_was_changed_since_goes_on_from_the_newest(project, bob, labels):
    first = give(project, bob, one(project, bob), labels[0])
    second = change(project, bob, first, labels[1]).after
    third = change(project, bob, first, labels[2])
    assert third.before == second and list(current()) == [third.after]


def test_saying_the_same_again_writes_nothing(project, bob, labels):
    first = give(project, bob, one(project, bob), labels[0], comment="odd")
    changed = change(project, bob, first, labels[0], comment="odd ")
    assert changed.before == changed.after == first
    assert Annotation.objects.count() == 1


def test_a_label_becomes_a_skip_and_the_counters_follow(project, bob, labels):
    first = give(project, bob, one(project, bob), labels[0])
    change(project, bob, first, status="skipped")
    assert counter(project).labelled == 0
    assert [row.status for row in current()] == ["skipped"]


@pytest.mark.parametrize("meanwhile", ["labelled", "held"])
def test_a_skip_becomes_no_label_of_a_text_that_others_have_by_now(project, alice, bob, labels, meanwhile):
    skipped = give(project, bob, one(project, bob), status="skipped")
    held = next(
        text
        for text in services.serve(project=project, annotator=alice, count=12)
        if text.document_id == skipped.document_id
    )
    if meanwhile == "labelled":
        give(project, alice, held, labels[0])
    with pytest.raises(AnswerRefused, match="Others have this text by now"):
        change(project, bob, skipped, labels[1])
    assert current().get(annotator=bob) == skipped


def test_a_skip_that_nobody_took_becomes_a_label(project, bob, labels):
    skipped = give(project, bob, one(project, bob), status="skipped")
    change(project, bob, skipped, labels[1])
    assert counter(project).labelled == 1
    assert not Lease.objects.filter(document=skipped.document_id, closed_at=None).exists()


def test_an_answer_taken_back_cannot_be_changed(project, bob, labels):
    first = give(project, bob, one(project, bob), labels[0])
    services.undo(project=project, annotator=bob)
    with pytest.raises(AnswerRefused, match="taken back meanwhile"):
        change(project, bob, first, labels[1])


def test_nobody_changes_somebody_elses_answer(project, alice, bob, labels):
    first = give(project, bob, one(project, bob), labels[0])
    with pytest.raises(AnswerRefused):
        change(project, alice, first, labels[1])
    assert list(current()) == [first]


def test_an_imported_label_is_no_answer_to_change(project, bob, texts, labels):
    imported = Annotation.objects.create(
        key=uuid.uuid4(), project=project, document=texts[0], annotator=bob, status="labelled", source="import"
    )
    with pytest.raises(AnswerRefused):
        change(project, bob, imported, labels[1])
    assert list(current()) == [imported]


def test_labels_that_do_not_fit_are_refused(project, bob, labels):
    first = give(project, bob, one(project, bob), labels[0])
    with pytest.raises(AnswerRefused, match="exactly one label; 2 were given"):
        change(project, bob, first, *labels[:2])


def test_several_labels_and_none_are_changed_where_a_text_may_have_several(bob):
    project = make_project("multi", name="Several")
    join(project, bob)
    add_texts(project, ["One", "Two"])
    labels = list(project.labels.all())
    first = give(project, bob, one(project, bob), labels[0])
    both = change(project, bob, first, labels[0], labels[2]).after
    none = change(project, bob, both).after
    assert set(both.labels.all()) == {labels[0], labels[2]} and not none.labels.exists()


def test_undoing_a_change_makes_the_first_answer_stand_again_and_asks_nothing_anew(project, bob, labels):
    first = give(project, bob, one(project, bob), labels[0])
    change(project, bob, first, labels[1])
    services.undo(project=project, annotator=bob)
    assert list(current()) == [first]
    assert counter(project).labelled == 1
    assert not Lease.objects.filter(document=first.document_id, closed_at=None).exists()


@pytest.mark.parametrize("how", ["changed in the history", "a change to a skip undone"])
def test_a_page_that_slept_while_a_skip_became_a_label_brings_no_answer_too_many(project, alice, bob, labels, how):
    if how == "changed in the history":
        skipped = give(project, bob, one(project, bob), status="skipped")
    else:
        skipped = change(project, bob, give(project, bob, one(project, bob), labels[0]), status="skipped").after
    held = services.serve(project=project, annotator=alice, count=12)
    assert skipped.document_id in {text.document_id for text in held}
    Lease.objects.filter(annotator=alice).update(expires_at=timezone.now() - timedelta(minutes=1))
    if how == "changed in the history":
        change(project, bob, skipped, labels[1])
    else:
        services.undo(project=project, annotator=bob, key=skipped.key)
    awake = services.renew(project=project, annotator=alice)
    assert {text.document_id for text in awake} == {text.document_id for text in held} - {skipped.document_id}

"""A decision: what it teaches, what it leaves as it was, changing it and taking it back."""

import uuid

import pytest
from django.urls import reverse

from labeller.annotation import reviewing, services
from labeller.annotation.doubts import mark_of
from labeller.annotation.given_labels import AnswerRefused
from labeller.annotation.models import Annotation, Source
from labeller.annotation.review_selectors import case_of, counts
from labeller.annotation.selectors import current_labels, last_answers, progress
from labeller.annotation.undoing import UndoRefused
from labeller.projects.models import Label
from tests.annotation.acts import give, one
from tests.annotation.review.acts import decide, doubt, say, waiting
from tests.cast import make_project, make_user


def test_a_decision_is_the_label_that_trains_whatever_was_voted(project, texts, labels, alice, bob):
    carol = make_user("carol")
    for person in (alice, bob, carol):
        say(texts[0], person, labels[0])
    decision = decide(project, alice, texts[0], labels[2], reason="People gave it different labels")
    [row] = current_labels(project)
    assert row.label_ids == (labels[2].pk,) and decision.pk in row.annotation_ids
    assert (decision.annotator, decision.source, decision.reason) == (
        alice,
        "review",
        "People gave it different labels",
    )
    assert row.source == Source.ACTIVE  # how the text came: comparisons of orders ask for it
    assert Annotation.objects.filter(document=texts[0], superseded_at=None).count() == 4  # the answers stand as given


def test_a_decided_text_has_left_the_review(project, texts, labels, alice, bob):
    say(texts[0], alice, labels[0], comment="Hm.")
    say(texts[0], bob, labels[1])
    doubt(texts[0], labels[0], labels[1])
    assert counts(project) == {"disagreements": 1, "unsure": 1, "doubts": 1}
    decide(project, alice, texts[0], labels[0])
    assert counts(project) == {"disagreements": 0, "unsure": 0, "doubts": 0}


def test_the_same_decision_posted_twice_is_one(project, texts, labels, alice):
    key = uuid.uuid4()
    assert decide(project, alice, texts[0], labels[0], key=key) == decide(project, alice, texts[0], labels[0], key=key)
    assert Annotation.objects.count() == 1
    with pytest.raises(AnswerRefused, match="key was used"):
        decide(project, alice, texts[1], labels[0], key=key)


@pytest.mark.parametrize(("chosen", "why"), [((), "exactly one label; 0"), ((0, 1), "exactly one label; 2")])
def test_labels_that_do_not_fit_are_refused(project, texts, labels, alice, chosen, why):
    with pytest.raises(AnswerRefused, match=why):
        decide(project, alice, texts[0], *(labels[at] for at in chosen))
    assert not Annotation.objects.exists()


def test_a_label_of_another_project_is_refused(project, texts, alice):
    other = make_project(name="Other")
    with pytest.raises(AnswerRefused, match="not in this project"):
        decide(project, alice, texts[0], other.labels.first())


def test_a_changed_decision_supersedes_and_undo_brings_back_the_one_before(project, texts, labels, alice, bob):
    first = decide(project, alice, texts[0], labels[0])
    second = decide(project, bob, texts[0], labels[1], seen=mark_of(first.key, None))
    first.refresh_from_db()
    assert first.superseded_by == second
    with pytest.raises(UndoRefused, match="decided anew"):
        reviewing.undo_decision(project=project, key=first.key)
    for _ in range(2):  # may be repeated
        reviewing.undo_decision(project=project, key=second.key)
    assert [row.label_ids for row in current_labels(project)] == [(labels[0].pk,)]
    reviewing.undo_decision(project=project, key=first.key)
    assert list(current_labels(project)) == []
    assert reviewing.undo_decision(project=project, key=uuid.uuid4()) is None


def test_the_reviewer_s_own_answer_stands_beside_their_decision(project, texts, labels, alice):
    served = one(project, alice)
    give(project, alice, served, labels[0])
    text = Annotation.objects.get().document
    decide(project, alice, text, labels[1])
    assert [given.label_ids for given in case_of(text).given] == [(labels[0].pk,)]
    with pytest.raises(UndoRefused, match="decided in the review"):  # Z on the labelling page means one's own answer
        services.undo(project=project, annotator=alice)
    assert [row.label_ids for row in current_labels(project)] == [(labels[1].pk,)]


def test_decisions_are_not_counted_as_labelling(project, texts, labels, alice):
    decide(project, alice, texts[0], labels[1])
    assert progress(project, alice).today == 0 and last_answers(project, alice, 5) == []


def test_a_decision_is_no_answer_to_look_back_on(project, texts, labels, alice, client_of):
    """It is changed in the review; as one's own answer it could become a skip that no queue shows."""
    decision = decide(project, alice, texts[0], labels[1])
    assert client_of(alice).get(reverse("answer-change", args=[project.slug, decision.key])).status_code == 404


def test_a_decision_keeps_the_guidelines_it_was_made_under(project, texts, labels, alice):
    project.guidelines_number = 3
    project.save()
    assert decide(project, alice, texts[0], labels[1]).guidelines_number == 3


def test_a_label_that_is_being_split_decides_nothing(project, texts, labels, alice):
    Label.objects.filter(pk=labels[1].pk).update(on_offer=False)
    with pytest.raises(AnswerRefused, match="was split"):
        decide(project, alice, texts[0], labels[1])


def test_answers_to_gold_texts_wait_in_no_queue(project, texts, labels, alice):
    say(texts[0], alice, status="unsure", source=Source.GOLD)
    assert waiting(project, "unsure") == []


def test_a_decided_text_is_asked_of_nobody(project, texts, labels, alice, bob):
    project.overlap = 3
    project.save()
    say(texts[0], alice, labels[0])
    decide(project, alice, texts[0], labels[0])
    asked = {served.document_id for served in services.serve(project=project, annotator=bob, count=12)}
    assert texts[0].pk not in asked and len(asked) == 11

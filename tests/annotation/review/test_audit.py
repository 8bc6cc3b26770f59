"""What a decision makes of a text that was drawn at random, and of what was known before."""

from labeller.annotation.models import Source
from labeller.annotation.selectors import current_labels, labels_by
from tests.annotation.review.acts import decide, say


def test_an_audit_text_stays_audit_with_the_decision_as_its_truth(project, texts, labels, bob, alice):
    answer = say(texts[0], bob, labels[0], source=Source.AUDIT, prediction={str(labels[0].pk): 0.9})
    decide(project, alice, texts[0], labels[1])
    [row] = current_labels(project)
    assert row.is_audit and row.label_ids == (labels[1].pk,)
    answer.refresh_from_db()
    assert answer.prediction == {str(labels[0].pk): 0.9}


def test_an_audit_text_that_nobody_could_answer_joins_the_audit_when_it_is_decided(project, texts, labels, bob, alice):
    unsure = say(texts[0], bob, status="unsure", source=Source.AUDIT)
    assert list(current_labels(project)) == []
    decision = decide(project, alice, texts[0], labels[1])
    [row] = current_labels(project)
    assert row.is_audit and set(row.annotation_ids) == {unsure.pk, decision.pk}


def test_what_was_known_at_a_moment_is_found_again_by_its_answers(project, texts, labels, alice, bob):
    say(texts[0], alice, labels[0], source=Source.AUDIT)
    say(texts[0], bob, labels[1])
    before = list(current_labels(project))
    decide(project, alice, texts[0], labels[2])
    after = list(current_labels(project))
    known = [label.pk for label in labels]
    for rows in (before, after):
        assert list(labels_by(project, [pk for row in rows for pk in row.annotation_ids], known)) == rows

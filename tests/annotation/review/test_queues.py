"""Which texts wait in the review, in which order, and what takes them out of it."""

import pytest

from labeller.annotation import reviewing
from labeller.annotation.doubts import mark_of
from labeller.annotation.models import Source
from labeller.annotation.review_selectors import case_of, counts
from labeller.projects.merging import merge_labels
from tests.annotation.review.acts import doubt, leave, say, waiting
from tests.cast import add_texts, join, make_project, make_user


def test_texts_on_which_people_differ_wait_and_those_on_which_they_agree_do_not(project, texts, labels, alice, bob):
    for text, first, second in ((texts[0], 0, 1), (texts[1], 1, 1), (texts[2], 2, 0)):
        say(text, alice, labels[first])
        say(text, bob, labels[second])
    say(texts[3], alice, labels[0])
    assert waiting(project, "disagreements") == [texts[0], texts[2]]


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ((0, 1), (1, 0), False),
        ((0, 1), (0,), True),
        ((0,), (1, 2), True),
        ((), (), False),
        ((), (0,), True),
        ((0, 1, 2), (0, 1, 2), False),
    ],
)
def test_of_several_labels_whole_sets_are_compared(alice, bob, one, other, differ):
    project = make_project(kind="multi")
    [text], labels = add_texts(project, ["One clause."]), list(project.labels.all())
    say(text, alice, *(labels[at] for at in one))
    say(text, bob, *(labels[at] for at in other))
    assert bool(waiting(project, "disagreements")) == differ


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [((0, 1), (0, 1), False), ((0, 1, 2), (0,), True), ((0, 1), (0,), False), ((0, 1), (1, 2), True), ((), (), False)],
)
def test_labels_that_were_merged_are_one_however_many_of_them_an_answer_gave(alice, bob, one, other, differ):
    project = make_project(kind="multi")
    [text], labels = add_texts(project, ["One clause."]), list(project.labels.all())
    say(text, alice, *(labels[at] for at in one))
    say(text, bob, *(labels[at] for at in other))
    merge_labels(project=project, labels=labels[:2], into=labels[0].name, by=alice)
    assert bool(waiting(project, "disagreements")) == differ


@pytest.mark.parametrize("source", [Source.IMPORT, Source.GOLD])
def test_nobody_disagrees_with_a_file_or_an_answer_to_a_gold_text(project, texts, labels, alice, bob, source):
    say(texts[0], alice, labels[0], source=source)
    say(texts[0], bob, labels[1])
    assert waiting(project, "disagreements") == []


def test_unsure_and_commented_texts_wait_skipped_ones_do_not(project, texts, labels, alice, bob):
    say(texts[0], alice, status="unsure")
    say(texts[1], bob, labels[0], comment="Is a fee a change?")
    say(texts[2], bob, status="skipped")
    assert waiting(project, "unsure") == texts[:2]


def test_a_text_that_everybody_skipped_waits_until_somebody_new_may_be_asked(project, texts, labels, alice, bob):
    [text, *_] = texts
    say(text, bob, status="skipped")
    assert waiting(project, "unsure") == []  # Alice may still label it
    say(text, alice, status="skipped")
    assert waiting(project, "unsure") == [text]
    carol = make_user("carol")
    join(project, carol)
    assert waiting(project, "unsure") == []
    carol.is_active = False
    carol.save()
    assert waiting(project, "unsure") == [text]  # an account that is switched off is asked nothing


def test_doubted_labels_wait_the_most_doubtful_first_until_somebody_answers_again(project, texts, labels, alice, bob):
    for at, text in enumerate(texts[:3]):
        say(text, alice, labels[0])
        doubt(text, labels[0], labels[1], score=0.6 + at / 10)
    assert waiting(project, "doubts") == [texts[2], texts[1], texts[0]]
    say(texts[1], bob, labels[0])
    assert waiting(project, "doubts") == [texts[2], texts[0]]


def test_the_queues_are_counted_in_three_queries(project, texts, labels, alice, bob, django_assert_num_queries):
    for text in texts:
        say(text, alice, labels[0])
        say(text, bob, labels[1])
    with django_assert_num_queries(3):
        assert counts(project) == {"disagreements": 12, "unsure": 0, "doubts": 0}


def test_a_text_left_as_it_is_comes_back_with_the_next_answer(project, texts, labels, alice, bob):
    carol = make_user("carol")
    say(texts[0], alice, labels[0])
    say(texts[0], bob, labels[1])
    leave(project, alice, texts[0])
    assert waiting(project, "disagreements") == []
    answer = say(texts[0], carol, labels[0])
    assert waiting(project, "disagreements") == [texts[0]]
    left = leave(project, alice, texts[0])
    assert waiting(project, "disagreements") == [] and answer.pk == case_of(texts[0]).dismissal.answers_until
    reviewing.look_again(project=project, document=texts[0], left=mark_of(None, left))
    assert waiting(project, "disagreements") == [texts[0]]

"""The review: what waits in it, deciding, taking back, leaving; who may; and what a decision teaches."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from labeller.annotation import reviewing, services
from labeller.annotation.doubts import LabelDoubt
from labeller.annotation.given_labels import AnswerRefused
from labeller.annotation.models import Annotation, Source
from labeller.annotation.review_selectors import QUEUES, case_of, counts
from labeller.annotation.selectors import current_labels, labels_by, last_answers, progress
from labeller.annotation.undoing import UndoRefused
from labeller.projects.models import Label
from tests.annotation.acts import give, one
from tests.cast import add_texts, join, make_project, make_user


@pytest.fixture
def labels(project):
    return list(project.labels.all())


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Clause {at} of the terms." for at in range(12)])


def say(document, person, *labels, status="labelled", source=Source.ACTIVE, comment="", **facts):
    annotation = Annotation.objects.create(
        key=uuid.uuid4(),
        project=document.project,
        document=document,
        annotator=person,
        status=status,
        source=source,
        comment=comment,
        **facts,
    )
    annotation.labels.set(labels)
    return annotation


def decide(project, reviewer, document, *labels, key=None, **facts):
    return reviewing.decide(
        project=project,
        reviewer=reviewer,
        document=document,
        key=key or uuid.uuid4(),
        label_ids=[label.pk for label in labels],
        **facts,
    )


def doubt(document, given, suggested, *, score=0.9):
    newest = document.annotations.order_by("-pk").first()
    return LabelDoubt.objects.create(
        project=document.project,
        document=document,
        score=score,
        given=[given.pk],
        suggested=[suggested.pk],
        prediction={str(suggested.pk): score, str(given.pk): 1 - score},
        model_key="quick-x-30",
        answers_until=newest.pk,
    )


def waiting(project, queue):
    return list(QUEUES[queue].texts(project))


# --- what waits -----------------------------------------------------------------------------------------------------


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
    reviewing.leave_as_it_is(project=project, reviewer=alice, document=texts[0])
    assert waiting(project, "disagreements") == []
    answer = say(texts[0], carol, labels[0])
    assert waiting(project, "disagreements") == [texts[0]]
    reviewing.leave_as_it_is(project=project, reviewer=alice, document=texts[0])
    assert waiting(project, "disagreements") == [] and answer.pk == case_of(texts[0]).dismissal.answers_until
    reviewing.look_again(document=texts[0])
    assert waiting(project, "disagreements") == [texts[0]]


# --- deciding -------------------------------------------------------------------------------------------------------


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
    second = decide(project, bob, texts[0], labels[1])
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


@pytest.mark.parametrize("same_person", [True, False])
def test_the_database_holds_one_decision_a_text(project, texts, alice, bob, same_person):
    say(texts[0], alice, source=Source.REVIEW)
    with pytest.raises(IntegrityError), transaction.atomic():
        say(texts[0], alice if same_person else bob, source=Source.REVIEW)


# --- the audit ------------------------------------------------------------------------------------------------------


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


# --- the page -------------------------------------------------------------------------------------------------------


@pytest.fixture
def disputed(project, texts, labels, alice, bob):
    for text in texts[:3]:
        say(text, alice, labels[0], comment="<b>Fees</b> & more" if text == texts[0] else "")
        say(text, bob, labels[1], prediction={str(labels[1].pk): 0.81, str(labels[0].pk): 0.19})
    return texts[:3]


def test_a_manager_sees_who_said_what_and_what_the_model_says(project, disputed, alice, client_of):
    project.guidelines = "A **fee** is a change."
    project.save()
    page = client_of(alice).get(reverse("review", args=[project.slug])).content.decode()
    for seen in (
        "Clause 0 of",
        "alice",
        "bob",
        "Change",
        "Court",
        "81 %",
        "&lt;b&gt;Fees",
        "<strong>fee</strong>",
        "1 of 3",
    ):
        assert seen in page


def test_deciding_goes_on_to_the_next_text_and_offers_to_take_it_back(project, disputed, labels, alice, client_of):
    browser = client_of(alice)
    where = {"of": "disagreements", "at": 0, "key": str(uuid.uuid4()), "seconds": "4.2"}
    url = reverse("review-decide", args=[project.slug, disputed[0].pk])
    page = browser.post(url, where | {"label": labels[0].pk}, follow=True).content.decode()
    assert "Clause 1 of" in page and "1 of 2" in page and "Decided" in page and "Undo" in page
    undo = reverse("review-undo", args=[project.slug, disputed[0].pk])
    page = browser.post(undo, where, follow=True).content.decode()
    assert "Clause 0 of" in page and counts(project)["disagreements"] == 3


def test_later_goes_round_and_leaving_it_takes_it_out(project, disputed, alice, client_of):
    browser, url = client_of(alice), reverse("review", args=[project.slug])
    assert "Clause 2 of" in browser.get(url, {"of": "disagreements", "at": 2}).content.decode()
    assert "Clause 0 of" in browser.get(url, {"of": "disagreements", "at": 3}).content.decode()
    keep = reverse("review-keep", args=[project.slug, disputed[0].pk])
    page = browser.post(keep, {"of": "disagreements", "at": 0}, follow=True).content.decode()
    assert "Clause 1 of" in page and "Left as it is" in page


def test_a_decision_without_a_label_says_what_is_missing(project, disputed, alice, client_of):
    url = reverse("review-decide", args=[project.slug, disputed[0].pk])
    page = client_of(alice).post(url, {"key": str(uuid.uuid4())}, follow=True).content.decode()
    assert "exactly one label; 0 were given" in page and "Clause 0 of" in page


def test_decided_texts_are_listed_and_lead_back_to_their_decision(project, disputed, labels, alice, client_of):
    decide(project, alice, disputed[0], labels[2], comment="Neither.")
    browser = client_of(alice)
    page = browser.get(reverse("review", args=[project.slug]), {"of": "decided"}).content.decode()
    assert "Clause 0 of" in page and "Other" in page and "Neither." in page
    page = browser.get(reverse("review-text", args=[project.slug, disputed[0].pk])).content.decode()
    assert "Decided: Other" in page and "Take the decision back" in page


@pytest.mark.parametrize(
    "path", ["?of=nonsense&at=-1", "?of=decided&page=99", "?of=doubts", "?of=unsure&at=9999999999"]
)
def test_any_address_of_the_page_answers(project, texts, alice, client_of, path):
    assert client_of(alice).get(reverse("review", args=[project.slug]) + path).status_code == 200


def test_the_page_takes_a_fixed_number_of_queries(
    project, texts, labels, alice, bob, client_of, django_assert_max_num_queries
):
    for text in texts:
        say(text, alice, labels[0])
        say(text, bob, labels[1])
    browser = client_of(alice)
    with django_assert_max_num_queries(16):
        browser.get(reverse("review", args=[project.slug]))


@pytest.mark.parametrize(("who", "answer"), [("bob", 403), ("rita", 403), ("mallory", 404)])
def test_only_managers_review(project, disputed, labels, request, client_of, who, answer):
    browser = client_of(request.getfixturevalue(who))
    pk = disputed[0].pk
    assert browser.get(reverse("review", args=[project.slug])).status_code == answer
    assert browser.get(reverse("review-text", args=[project.slug, pk])).status_code == answer
    for name in ("review-decide", "review-keep", "review-undo"):
        data = {"key": str(uuid.uuid4()), "label": labels[0].pk}
        assert browser.post(reverse(name, args=[project.slug, pk]), data).status_code == answer
    assert not Annotation.objects.filter(source=Source.REVIEW).exists()


def test_a_text_of_another_project_is_not_found_and_a_get_decides_nothing(project, alice, client_of):
    other = make_project(name="Other")
    join(other, make_user("dora"))
    [foreign] = add_texts(other, ["Not yours."])
    browser = client_of(alice)
    assert browser.get(reverse("review-text", args=[project.slug, foreign.pk])).status_code == 404
    assert browser.post(reverse("review-decide", args=[project.slug, foreign.pk]), {}).status_code == 404
    assert browser.get(reverse("review-decide", args=[project.slug, foreign.pk])).status_code == 405

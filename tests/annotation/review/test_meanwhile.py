"""Two managers at one text: neither replaces what the other did unread. Both are shown, and one of them chooses."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from labeller.annotation import reviewing
from labeller.annotation.models import Annotation, Source
from labeller.annotation.review_selectors import case_of, counts
from tests.annotation.review.acts import decide, leave, say, waiting
from tests.cast import join, make_user


@pytest.fixture
def carol(project):
    """Manages too."""
    carol = make_user("carol")
    join(project, carol, "manager")
    return carol


def decision_of(text):
    return Annotation.objects.get(document=text, source=Source.REVIEW, superseded_at=None)


@pytest.fixture
def posts(project, client_of):
    """Posts a form of the text's page as it stood when this person opened it."""

    class Opened:
        def __init__(self, person, text):
            self.browser, self.text = client_of(person), text
            case = case_of(text)
            self.seen, self.newest = case.mark, case.newest

        def _post(self, name, **data):
            url = reverse(name, args=[project.slug, self.text.pk])
            return self.browser.post(url, {"of": "disagreements", "at": 0} | data, follow=True)

        def decide(self, label, **data):
            data = {"key": str(uuid.uuid4()), "seen": self.seen, "label": label.pk} | data
            return self._post("review-decide", **data)

        def keep(self, **data):
            return self._post("review-keep", **{"seen": self.seen, "newest": self.newest} | data)

        def undo(self, **data):
            return self._post("review-undo", **data)

    return Opened


class TestTheService:
    def test_a_decision_made_meanwhile_is_not_replaced(self, project, texts, labels, alice, carol):
        theirs = decide(project, carol, texts[0], labels[1])
        with pytest.raises(reviewing.ChangedMeanwhile):
            decide(project, alice, texts[0], labels[0])
        assert decision_of(texts[0]) == theirs and Annotation.objects.count() == 1

    def test_one_that_was_seen_is(self, project, texts, labels, alice, carol):
        decide(project, carol, texts[0], labels[1])
        mine = decide(project, alice, texts[0], labels[0], seen=case_of(texts[0]).mark)
        assert decision_of(texts[0]) == mine

    def test_a_decision_of_one_s_own_from_another_tab_is_told_too(self, project, texts, labels, alice):
        decide(project, alice, texts[0], labels[1])
        with pytest.raises(reviewing.ChangedMeanwhile):
            decide(project, alice, texts[0], labels[0])

    def test_what_was_taken_back_meanwhile_is_told(self, project, texts, labels, alice, carol):
        theirs = decide(project, carol, texts[0], labels[1])
        seen = case_of(texts[0]).mark
        reviewing.undo_decision(project=project, key=theirs.key)
        with pytest.raises(reviewing.ChangedMeanwhile):
            decide(project, alice, texts[0], labels[0], seen=seen)

    def test_what_was_left_as_it_is_meanwhile_is_told(self, project, disputed, labels, alice, carol):
        leave(project, carol, disputed[0])
        with pytest.raises(reviewing.ChangedMeanwhile):
            decide(project, alice, disputed[0], labels[0])
        decide(project, alice, disputed[0], labels[0], seen=case_of(disputed[0]).mark)

    def test_a_text_decided_meanwhile_is_not_left_as_it_is(self, project, disputed, labels, alice, carol):
        theirs = decide(project, carol, disputed[0], labels[1])
        with pytest.raises(reviewing.ChangedMeanwhile):
            leave(project, alice, disputed[0], seen="")
        assert decision_of(disputed[0]) == theirs and case_of(disputed[0]).dismissal is None

    def test_a_text_answered_meanwhile_is_not_left_as_it_is(self, project, disputed, labels, alice, carol):
        seen = case_of(disputed[0]).newest
        say(disputed[0], carol, labels[2])
        with pytest.raises(reviewing.AnsweredMeanwhile):
            leave(project, alice, disputed[0], newest=seen)
        assert disputed[0] in waiting(project, "disagreements")

    def test_an_answer_taken_back_meanwhile_hinders_nobody(self, project, disputed, alice):
        seen = case_of(disputed[0]).newest
        Annotation.objects.filter(pk=seen).update(superseded_at=timezone.now())
        leave(project, alice, disputed[0], newest=seen)
        assert disputed[0] not in waiting(project, "unsure")

    def test_a_lost_reply_posted_again_is_no_conflict(self, project, texts, labels, alice):
        key = uuid.uuid4()
        first = decide(project, alice, texts[0], labels[0], key=key)
        assert decide(project, alice, texts[0], labels[0], key=key) == first


class TestThePage:
    def test_a_stale_form_shows_both_and_changes_nothing(self, project, disputed, labels, alice, carol, posts):
        mine = posts(alice, disputed[0])
        posts(carol, disputed[0]).decide(labels[1], comment="It names a court.")
        answer = mine.decide(labels[0], comment="It is about fees.")
        page = answer.content.decode()
        assert answer.status_code == 409 and decision_of(disputed[0]).annotator == carol
        for seen in ("Decided meanwhile", "Decided by carol", "It names a court.", "You chose", "It is about fees."):
            assert seen in page

    def test_who_chooses_their_own_then_has_seen_the_other(self, project, disputed, labels, alice, carol, posts):
        mine = posts(alice, disputed[0])
        posts(carol, disputed[0]).decide(labels[1])
        form = mine.decide(labels[0]).context["bench"]
        assert [row.label for row in form.labels if row.chosen] == [labels[0]]
        assert mine.decide(labels[0], seen=form.case.mark).status_code == 200
        assert decision_of(disputed[0]).annotator == alice

    def test_a_third_decision_is_told_again(self, project, disputed, labels, alice, carol, posts):
        mine = posts(alice, disputed[0])
        posts(carol, disputed[0]).decide(labels[1])
        seen = mine.decide(labels[0]).context["bench"].case.mark
        posts(carol, disputed[0]).decide(labels[2])
        assert mine.decide(labels[0], seen=seen).status_code == 409

    def test_leaving_a_text_that_was_decided_meanwhile_says_so(self, project, disputed, labels, alice, carol, posts):
        mine = posts(alice, disputed[0])
        posts(carol, disputed[0]).decide(labels[1])
        answer = mine.keep()
        page = answer.content.decode()
        assert answer.status_code == 409 and "To leave it as it is" in page and "Take the decision back" in page
        assert decision_of(disputed[0]).annotator == carol

    def test_a_decision_taken_back_may_be_left_as_it_is_from_the_text_s_own_page(
        self, project, disputed, labels, alice, client_of, posts
    ):
        posts(alice, disputed[0]).decide(labels[1])
        undo = reverse("review-undo", args=[project.slug, disputed[0].pk])
        where = {"of": "disagreements", "at": 0, "key": decision_of(disputed[0]).key}
        page = client_of(alice).post(undo, where, follow=True).content.decode()
        assert "Leave as it is" in page and counts(project)["disagreements"] == 3

    def test_leaving_a_text_that_was_answered_meanwhile_shows_the_answer_and_leaves_it_when_that_was_seen(
        self, project, disputed, labels, alice, carol, posts
    ):
        mine = posts(alice, disputed[0])
        say(disputed[0], carol, labels[2], comment="Look at page 4.")
        answer = mine.keep()
        page = answer.content.decode()
        assert answer.status_code == 409 and disputed[0] in waiting(project, "disagreements")
        for seen in ("Answered meanwhile", "carol", "Look at page 4.", "Leave it as it is all the same"):
            assert seen in page
        assert mine.keep(newest=answer.context["bench"].case.newest).status_code == 200
        assert disputed[0] not in waiting(project, "disagreements")

    def test_undo_brings_back_what_one_left_oneself(self, project, disputed, alice, posts):
        page = posts(alice, disputed[0]).keep()
        assert "Left as it is:" in page.content.decode() and disputed[0] not in waiting(project, "disagreements")
        posts(alice, disputed[0]).undo(left=page.context["last"]["left"])
        assert disputed[0] in waiting(project, "disagreements")

    def test_undo_leaves_alone_what_somebody_else_has_left_since(self, project, disputed, alice, carol, posts):
        mine = posts(alice, disputed[0])
        left = mine.keep().context["last"]["left"]
        mine.undo(left=left)
        posts(carol, disputed[0]).keep()
        told = mine.undo(left=left).content.decode()
        assert "was left as it is once more since then" in told
        assert case_of(disputed[0]).dismissal.by == carol

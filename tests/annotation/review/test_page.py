"""The review's page: what a manager sees and does there, and who else may not."""

import uuid

import pytest
from django.urls import reverse

from labeller.annotation.models import Annotation, Source
from labeller.annotation.review_selectors import case_of, counts
from labeller.projects.models import Label
from tests.annotation.review.acts import decide, say
from tests.cast import add_texts, join, make_project, make_user


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
    seen = {"of": "disagreements", "at": 0, "newest": case_of(disputed[0]).newest}
    page = browser.post(keep, seen, follow=True).content.decode()
    assert "Clause 1 of" in page and "Left as it is" in page


def test_a_decision_without_a_label_says_what_is_missing(project, disputed, alice, client_of):
    url = reverse("review-decide", args=[project.slug, disputed[0].pk])
    page = client_of(alice).post(url, {"key": str(uuid.uuid4())}, follow=True).content.decode()
    assert "exactly one label; 0 were given" in page and "Clause 0 of" in page


class TestWhereATextMayHaveSeveralLabels:
    @pytest.fixture
    def text(self, alice):
        project = make_project("multi", name="Several")
        join(project, alice, "manager")
        return add_texts(project, ["One clause."])[0]

    @pytest.fixture
    def post(self, text, alice, client_of):
        def posted(**data):
            url = reverse("review-decide", args=[text.project.slug, text.pk])
            return client_of(alice).post(url, {"key": str(uuid.uuid4())} | data, follow=True)

        return posted

    def test_nothing_ticked_decides_nothing(self, text, post):
        page = post().content.decode()
        assert "No label is ticked." in page and not Annotation.objects.exists()

    def test_that_none_fits_is_decided_by_its_own_button(self, text, post):
        post(none="1")
        assert Annotation.objects.get().labels.count() == 0

    def test_whoever_said_so_while_another_decided_may_still_choose_it(self, text, post, alice):
        decide(text.project, alice, text, text.project.labels.first())
        answer = post(none="1")
        assert answer.status_code == 409
        assert 'id="mine-button" name="none" value="1"' in answer.content.decode()


def test_decided_texts_are_listed_and_lead_back_to_their_decision(project, disputed, labels, alice, client_of):
    decide(project, alice, disputed[0], labels[2], comment="Neither.")
    browser = client_of(alice)
    page = browser.get(reverse("review", args=[project.slug]), {"of": "decided"}).content.decode()
    assert "Clause 0 of" in page and "Other" in page and "Neither." in page
    page = browser.get(reverse("review-text", args=[project.slug, disputed[0].pk])).content.decode()
    assert "Decided: Other" in page and "Take the decision back" in page


def test_a_label_that_is_being_split_is_not_offered_and_the_page_says_why(project, disputed, labels, alice, client_of):
    Label.objects.filter(pk=labels[1].pk).update(on_offer=False)
    answer = client_of(alice).get(reverse("review", args=[project.slug]))
    assert [row.label for row in answer.context["bench"].labels] == [labels[0], labels[2]]
    assert "“Court”: being split, so nobody gives it any more." in answer.content.decode()


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

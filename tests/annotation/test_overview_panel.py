"""The table of labels on a project's first page."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from labeller.annotation import services
from labeller.annotation.label_changes import look_again
from labeller.annotation.left import left_for
from tests.annotation.acts import give, one
from tests.cast import add_texts, join, make_project

pytestmark = pytest.mark.django_db


def overview(client, project) -> str:
    return client.get(reverse("project", args=[project.slug])).content.decode()


def rows(page: str) -> list[str]:
    table = page.partition("Answers by label</caption>")[2].partition("</table>")[0]
    return re.findall(r'<th scope="row"><span class="dot"></span> ([^<]+)</th>', table)


def test_without_labels_there_is_no_empty_table(alice, client_of):
    project = make_project(name="Empty", labels=())
    join(project, alice, "manager")
    assert "Answers by label</caption>" not in overview(client_of(alice), project)


def test_before_the_first_answer_labels_are_named_once_and_nothing_is_counted(project, alice, client_of):
    page = overview(client_of(alice), project)
    assert "<progress" not in page and "<table" not in page
    assert [page.count(f"<span>{name}</span>") for name in ("Change", "Court", "Other")] == [1, 1, 1]


def test_few_labels_all_have_a_row_from_the_first_answer_on(project, alice, client_of):
    add_texts(project, ["One.", "Two."])
    give(project, alice, one(project, alice), project.labels.get(name="Court"))
    page = overview(client_of(alice), project)
    assert rows(page) == ["Change", "Court", "Other"] and "<span>Court</span>" not in page


def test_each_heading_stands_once(project, alice, client_of):
    page = overview(client_of(alice), project)
    headings = [re.sub("<[^>]+>", "", heading).strip() for heading in re.findall(r"<h2[^>]*>(.*?)</h2>", page)]
    assert "Answers by label" in headings and len(set(headings)) == len(headings)


def test_of_many_labels_those_never_given_are_one_line(alice, client_of):
    project = make_project(name="Many", labels=[f"Label {number}" for number in range(29)])
    join(project, alice, "manager")
    add_texts(project, ["One."])
    page = overview(client_of(alice), project)
    assert rows(page) == [] and "<summary>29 labels not given yet</summary>" in page
    give(project, alice, one(project, alice), project.labels.get(name="Label 7"))
    page = overview(client_of(alice), project)
    assert rows(page) == ["Label 7"] and "<summary>28 labels not given yet</summary>" in page


def next_thing(page: str) -> str:
    section = page.partition('aria-label="What to do next">')[2].partition("</section>")[0]
    return re.sub("<[^>]+>", " ", section).strip()


def label_all(project, person) -> None:
    while served := services.serve(project=project, annotator=person, count=1):
        give(project, person, served[0], project.labels.get(name="Court"))


class TestWhatToDoNextWhileTextsHaveNoLabel:
    def skip_all_that_is_left(self, project, person, labelled: int) -> None:
        for _ in range(labelled):
            give(project, person, one(project, person), project.labels.get(name="Court"))
        while served := services.serve(project=project, annotator=person, count=1):
            give(project, person, served[0], status="skipped")

    @pytest.mark.parametrize(("texts", "labelled"), [(12, 10), (24, 20)])
    @pytest.mark.parametrize("audit", [True, False])
    def test_who_has_skipped_them_is_not_sent_to_an_empty_page_but_others_are(
        self, project, alice, bob, client_of, texts, labelled, audit
    ):
        project.audit = audit
        project.save()
        add_texts(project, [f"Clause {number}" for number in range(texts)])
        assert "Start labelling" in next_thing(overview(client_of(bob), project))
        self.skip_all_that_is_left(project, bob, labelled)
        assert "labelling" not in next_thing(overview(client_of(bob), project))
        assert "Go on labelling" in next_thing(overview(client_of(alice), project))
        services.serve(project=project, annotator=alice, count=texts)
        assert "Go on labelling" in next_thing(overview(client_of(alice), project))  # they are in her hands

    def test_texts_that_wait_for_another_look_are_offered_all_the_same(self, project, bob, client_of):
        add_texts(project, [f"Clause {number}" for number in range(4)])
        self.skip_all_that_is_left(project, bob, 2)
        look_again(project=project, label=project.labels.get(name="Court"))
        told = next_thing(overview(client_of(bob), project))
        assert "2 texts wait for another look." in told and "Go on labelling" in told


class TestWhatToDoNextWhenEveryTextHasAnAnswer:
    @pytest.mark.parametrize(("on", "share"), [("all", 100), ("drawn", 100)])
    def test_who_is_wanted_by_overlap_is_told_to_go_on(self, project, alice, bob, client_of, on, share):
        project.overlap, project.overlap_on, project.overlap_share = 2, on, share
        project.save()
        add_texts(project, [f"Clause {number}" for number in range(24)])
        label_all(project, alice)
        assert "Go on labelling" not in next_thing(overview(client_of(alice), project))
        told = next_thing(overview(client_of(bob), project))
        wanted = len(services.serve(project=project, annotator=bob, count=40))
        assert f"Every text has an answer; {wanted} want one more, from you." in told and "Go on labelling" in told
        assert next_thing(overview(client_of(bob), project)) == told  # in his hands now
        label_all(project, bob)
        assert "Go on labelling" not in next_thing(overview(client_of(bob), project))

    def test_everybody_is_told_of_texts_that_wait_for_another_look_but_who_has_passed_them(
        self, project, alice, bob, client_of
    ):
        add_texts(project, ["One.", "Two."])
        label_all(project, alice)
        assert "Go on labelling" not in next_thing(overview(client_of(bob), project))
        look_again(project=project, label=project.labels.get(name="Court"))
        for person in (alice, bob):
            told = next_thing(overview(client_of(person), project))
            assert "2 texts wait for another look." in told and "Go on labelling" in told
        give(project, bob, one(project, bob), status="skipped")
        assert "1 text waits for another look." in next_thing(overview(client_of(bob), project))
        give(project, bob, one(project, bob), status="skipped")
        assert "Go on labelling" not in next_thing(overview(client_of(bob), project))
        assert "2 texts wait for another look." in next_thing(overview(client_of(alice), project))

    def test_it_costs_a_fixed_number_of_queries(self, project, alice, bob, client_of, django_assert_max_num_queries):
        project.overlap, project.overlap_on = 2, "all"
        project.save()
        add_texts(project, ["One.", "Two."])
        label_all(project, alice)
        for label in project.labels.all():
            look_again(project=project, label=label)
        with django_assert_max_num_queries(6):
            left_for(project, bob)

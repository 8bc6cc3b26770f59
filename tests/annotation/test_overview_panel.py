"""The table of labels on a project's first page."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

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

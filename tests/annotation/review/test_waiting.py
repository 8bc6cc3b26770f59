"""How many texts wait in the review: the menu's number and the line on the project's first page."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from labeller.annotation.review_selectors import counts
from labeller.annotation.review_waiting import waiting
from tests.annotation.review.acts import decide


@pytest.fixture(autouse=True)
def nothing_known():
    cache.clear()
    yield
    cache.clear()


def number(client, project, asked="") -> str:
    page = client.get(reverse("review-waiting", args=[project.slug]) + asked).content.decode()
    return re.sub(r"<[^>]*>", "", page).strip()


def test_the_menu_asks_for_the_number_in_which_a_text_of_two_queues_counts_once(project, disputed, alice, client_of):
    page = client_of(alice).get(reverse("data", args=[project.slug])).content.decode()
    assert f'hx-get="{reverse("review-waiting", args=[project.slug])}"' in page
    assert sum(counts(project).values()) > len(disputed)
    assert number(client_of(alice), project) == f"{len(disputed)} waiting"


def test_it_costs_one_query(project, disputed, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert waiting(project) == waiting(project) == len(disputed)


def test_it_is_counted_now_and_then_and_in_the_review_at_once(project, disputed, labels, alice, client_of):
    client = client_of(alice)
    number(client, project)
    decide(project, alice, disputed[0], labels[0])
    assert number(client, project) == f"{len(disputed)} waiting"
    assert number(client, project, "?now") == number(client, project) == f"{len(disputed) - 1} waiting"


def test_where_nothing_waits_there_is_no_number(project, alice, client_of):
    assert number(client_of(alice), project) == ""


def test_the_first_page_says_so_to_those_who_decide(project, disputed, alice, bob, client_of):
    at = reverse("project", args=[project.slug])
    assert "3 texts wait in the review" in client_of(alice).get(at).content.decode()
    assert "in the review" not in client_of(bob).get(at).content.decode()


def test_it_is_for_managers(project, bob, mallory, client_of):
    at = reverse("review-waiting", args=[project.slug])
    assert client_of(bob).get(at).status_code == 403 and client_of(mallory).get(at).status_code == 404

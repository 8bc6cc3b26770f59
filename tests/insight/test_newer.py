"""Pages of frozen figures offer what is newer and replace nothing by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from labeller.insight.markers import models_marker, results_marker
from labeller.insight.measured_on import ON_THE_AUDIT
from labeller.insight.newer_views import newest_page
from labeller.projects.models import Project, User
from tests.insight.scored import add_labels, add_version, answered

ClientOf = Callable[[User], Client]


@pytest.fixture
def measured(project: Project, alice: User) -> Project:
    add_labels(project, alice, audit=3)
    for _ in range(2):
        answered(project, ["Clause 0.", "Clause 1."], ["Change", "Court"], ["Change", "Change"])
    return project


PAGES = [
    ("results-errors", (), {}),
    ("results-model", (1,), {}),
    ("results-compare", (), {"a": "1", "b": "2"}),
    ("results-report", (), {}),
]


@pytest.mark.parametrize(("name", "args", "query"), PAGES)
def test_a_page_asks_quietly_until_there_is_a_newer_model_and_then_offers_it(
    measured: Project, client_of: ClientOf, rita: User, name: str, args: tuple[int, ...], query: dict[str, str]
) -> None:
    client = client_of(rita)
    address = reverse(name, args=[measured.slug, *args])
    page = client.get(address, query).content.decode()
    assert page.count('id="live-page"') == page.count('id="newer"') == 1 and "New figures" not in page
    poll = re.search(r'id="newer"[^>]* hx-get="([^"]+)"', page)
    assert poll is not None
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{address}"}
    assert client.get(unescape(poll[1]), headers=headers).status_code == 204
    add_version(measured, n_labels=80, n_audit=44)
    offer = client.get(unescape(poll[1]), headers=headers).content.decode()
    assert "New figures are there." in offer and f'href="{address}' in offer and "<html" not in offer
    again = re.search(r'hx-get="([^"]+)"', offer)
    assert again is not None and client.get(unescape(again[1]), headers=headers).status_code == 204


def test_what_is_shown_is_what_is_new(measured: Project) -> None:
    errors, compare, results = (
        reverse(name, args=[measured.slug]) for name in ("results-errors", "results-compare", "results")
    )
    assert newest_page(measured, f"{errors}?model=1&by=source") == f"{errors}?by=source"
    assert newest_page(measured, f"{compare}?a=1&b=1") == f"{compare}?a=1&b=2"
    for elsewhere in ("", "/", "//evil.example/x", "https://evil.example/", "/p/another/results/errors/"):
        assert newest_page(measured, elsewhere) == results


def test_a_stranger_gets_404(measured: Project, client_of: ClientOf, mallory: User) -> None:
    assert client_of(mallory).get(reverse("results-newer", args=[measured.slug])).status_code == 404


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("results-figures", lambda project: results_marker(project, ON_THE_AUDIT)),
        ("results-models-live", models_marker),
    ],
)
def test_a_poll_that_finds_nothing_new_builds_no_page(
    measured: Project,
    client_of: ClientOf,
    rita: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    name: str,
    marker: Callable[[Project], str],
) -> None:
    seen = marker(measured)
    client = client_of(rita)
    with django_assert_max_num_queries(11):  # three of them are the session and the membership
        assert client.get(reverse(name, args=[measured.slug]), {"seen": seen}).status_code == 204

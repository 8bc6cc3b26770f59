"""Whoever was signed out is told on the page that lies open, and it stays as it is."""

from __future__ import annotations

import html
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from labeller.projects.models import Project
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
POLLS = [
    "results-figures", "results-effort-live", "results-models-live", "results-test-live", "results-newer", "notices",
    "notice-deliveries", "learning-status", "label-guidelines",
]  # fmt: skip


def polled(client: Client, name: str, project: Project, page: str, **headers: str) -> Any:
    address = reverse(name, args=[project.slug])
    return client.get(address, headers={"HX-Request": "true", "HX-Current-URL": page} | headers)


def way_in(reply: Any) -> str:
    return html.unescape(reply.content.decode().partition('href="')[2].partition('"')[0])


@pytest.mark.parametrize("name", POLLS)
def test_a_part_that_asks_for_itself_is_not_replaced_by_the_page_to_sign_in(
    client: Client, alice: Any, project: Project, name: str
) -> None:
    page = reverse("results", args=[project.slug]) + "?target=85"
    reply = polled(client, name, project, f"http://testserver{page}")
    assert reply.status_code == 286 and 'id="signed-out"' in reply.content.decode()
    assert "<html" not in reply.content.decode()
    assert reply["HX-Retarget"] == reply["HX-Reselect"] == "#signed-out"
    signed_in = client.post(way_in(reply), {"login": "alice", "password": PASSWORD})
    assert signed_in.status_code == 302 and signed_in["Location"] == page


def test_nobody_is_led_to_another_site_s_page(client: Client, project: Project) -> None:
    reply = polled(client, "notices", project, "https://elsewhere.example/p/x/")
    assert parse_qs(urlsplit(way_in(reply)).query)["next"] == [reverse("projects")]


def test_pages_lead_to_the_page_to_sign_in_as_ever(client: Client, project: Project) -> None:
    page = reverse("results", args=[project.slug])
    for headers in ({}, {"HX-Request": "true", "HX-History-Restore-Request": "true"}):
        reply = client.get(page, headers=headers)
        assert reply.status_code == 302 and parse_qs(urlsplit(reply["Location"]).query)["next"] == [page]

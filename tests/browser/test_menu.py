"""The menu on a phone: one row in every language, with the open page in sight."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.projects.models import Label, Project
from tests.browser.shots import take
from tests.cast import COLOURS, add_texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["en", "de"])
def page(request: Any, browser: Any, live_server: LiveServer, client_of: Any, alice: Any) -> Any:
    """The manager's phone, the menu's longest."""
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True)
    session = client_of(alice).cookies[settings.SESSION_COOKIE_NAME].value
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: request.param}
    context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
    page = context.new_page()
    page.language = request.param
    yield page
    context.close()


def right(box: dict[str, float]) -> float:
    return box["x"] + box["width"]


def test_the_open_page_is_in_sight_and_the_last_one_in_reach(
    page: Any, live_server: LiveServer, project: Project
) -> None:
    page.route(re.compile("/review/waiting/"), lambda route: route.fulfill(body=" 128", content_type="text/html"))
    for name in ("project", "data", "results", "review", "project-settings"):
        page.goto(live_server.url + reverse(name, args=[project.slug]))
        page.get_by_text("128").wait_for()  # it comes late, and makes the row wider
        links, row = page.locator(".top nav a"), page.locator(".top nav").bounding_box()
        assert len({link.bounding_box()["y"] for link in links.all()}) == 1
        current = page.locator(".top nav [aria-current]").bounding_box()
        assert row["x"] <= current["x"] and right(current) <= right(row) + 1
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        take(page, f"menu-{page.language}-{name}")
        page.set_viewport_size({"width": 360, "height": 640})
    page.goto(live_server.url + reverse("project", args=[project.slug]))
    links.last.focus()
    assert right(links.last.bounding_box()) <= right(row) + 1


def test_while_labelling_the_text_has_the_room_of_the_account(
    page: Any, live_server: LiveServer, project: Project
) -> None:
    for number in range(9 - project.labels.count()):
        Label.objects.create(project=project, name=f"Kind {number}", colour=COLOURS[number % 6], position=10 + number)
    add_texts(project, ["We may change these terms at any time, without notice. " * 12])
    page.goto(live_server.url + reverse("label", args=[project.slug]))
    assert page.locator("header.top").bounding_box()["height"] <= 100
    frame, labels = page.locator("#frame").bounding_box(), page.locator(".answering").bounding_box()
    assert labels["y"] - frame["y"] >= 165  # five lines and the frame's edge
    take(page, f"menu-{page.language}-labelling")

"""Somebody whose browser is German among colleagues who work in English."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.projects.models import Project
from tests.browser.shots import take
from tests.cast import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_speaks_the_browser_s_language_until_another_is_chosen_at_its_foot(
    browser: Any, live_server: LiveServer, project: Project
) -> None:
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(live_server.url + reverse("account_login"))
    page.get_by_label("Anmeldename").fill("alice")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    page.get_by_role("heading", name="Projekte", level=1).wait_for()
    page.goto(live_server.url + reverse("members", args=[project.slug]))
    assert page.locator("html").get_attribute("lang") == "de"

    foot = page.get_by_role("form", name="Sprache")
    before = foot.bounding_box()
    assert foot.get_by_role("button", name="Deutsch").get_attribute("aria-current") == "true"
    foot.get_by_role("button", name="English").press("Enter")

    page.get_by_role("heading", name="Settings", level=1).wait_for()
    assert page.url.endswith(reverse("members", args=[project.slug]))
    after = page.get_by_role("form", name="Language").bounding_box()
    assert (before["x"] + before["width"], before["height"]) == (after["x"] + after["width"], after["height"])
    page.goto(live_server.url + reverse("project", args=[project.slug]))
    assert page.locator("html").get_attribute("lang") == "en"
    take(page, "language-english")
    context.close()


def test_the_foot_stands_at_the_lower_edge_of_a_short_page(browser: Any, live_server: LiveServer, alice: Any) -> None:
    for size in ({"width": 1280, "height": 860}, {"width": 390, "height": 800}):
        context = browser.new_context(locale="de-DE", viewport=size)
        page = context.new_page()
        page.goto(live_server.url + reverse("account_login"))
        box = page.locator(".foot").bounding_box()
        assert abs(box["y"] + box["height"] - size["height"]) <= 1
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        context.close()

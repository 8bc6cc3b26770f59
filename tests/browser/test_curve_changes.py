"""A manager sees where the labels changed, on the curve and in German; the outlook is announced only when it is new."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from labeller.projects.guideline_versions import record_version
from labeller.projects.labels import Draft, add_drafts
from labeller.projects.models import Project, User
from tests.browser import shots
from tests.browser.test_results_page import open_results
from tests.insight.readings import add_reading
from tests.insight.scored import add_labels, add_version

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def changed(project: Project, alice: User) -> Project:
    call_command("build_charts", verbosity=0)
    add_labels(project, alice, audit=6, active=3)
    record_version(project=project, by=alice)
    for labels, audit, right in ((120, 40, 0.75), (180, 70, 0.79)):
        add_reading(add_version(project, n_labels=labels, n_audit=audit, right=right))
    add_drafts(project=project, drafts=[Draft("Fees")], by=alice)
    for labels, audit, right in ((240, 92, 0.8), (300, 110, 0.82)):
        add_reading(add_version(project, n_labels=labels, n_audit=audit, right=right))
    return project


def test_a_manager_sees_in_german_where_the_labels_changed(
    browser: Any, live_server: LiveServer, changed: Project
) -> None:
    page, said = open_results(browser, live_server, changed, locale="de-DE")
    page.wait_for_selector("#curve[data-drawn='accuracy 4'] svg")
    drawn = page.locator("#curve-canvas svg").inner_html()
    assert "80 %" in drawn.replace("\N{NO-BREAK SPACE}", " ") and "Labels oder Richtlinien geändert" in page.content()
    page.click("label[for=metric-macro_f1]")
    page.wait_for_selector("#curve[data-drawn='macro_f1 4'] svg")
    assert "0,8" in page.locator("#curve-canvas svg").inner_html()

    mark = page.locator("#curve-canvas [aria-label*='Fees']").first
    mark.hover(force=True)
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert "„Fees“ ergänzt." in page.locator("#vg-tooltip-element").inner_text()
    page.mouse.move(0, 0)
    page.locator("#changes summary").click()
    shots.take(page, "curve-changes-de", whole=True)
    page.click("#curve-numbers")
    page.get_by_role("heading", name="Makro-F1, Punkt für Punkt").wait_for()
    assert page.locator("#picture-table tr.change").count() == 1
    page.goto(live_server.url + reverse("results-report", args=[changed.slug]))
    shots.take(page, "report-de", whole=True)
    for size in shots.SIZES.values():
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
    assert said == []


def test_the_outlook_is_announced_only_when_it_says_something_else(
    browser: Any, live_server: LiveServer, changed: Project
) -> None:
    page, said = open_results(browser, live_server, changed)
    announced = page.locator("[data-says]")
    page.wait_for_selector("#curve[data-drawn='accuracy 4'] svg")
    add_version(changed, n_labels=310, n_audit=111, kind="full")  # not in use: the outlook stays as it is
    page.wait_for_selector("#curve[data-drawn='accuracy 5'] svg", timeout=60_000)
    assert announced.text_content() == ""
    add_reading(add_version(changed, n_labels=320, n_audit=112, right=0.84), seen=4)
    page.get_by_role("heading", name="Too early for advice").wait_for(timeout=60_000)
    expect(announced).to_have_text(re.compile("^Too early for advice Whether to stop"))
    assert said == []

"""A manager looks ahead: reads the advice, picks a target by keyboard, sees it stay, and what the pool holds."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from labeller.learning.models import PoolReading
from labeller.projects.models import Project, User
from tests.browser.shots import take
from tests.browser.test_results_page import open_results
from tests.insight.readings import add_reading
from tests.insight.scored import add_labels, add_version

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def foretold(project: Project, alice: User) -> Project:
    call_command("build_charts", verbosity=0)
    add_labels(project, alice, audit=6, active=3)
    for labels, audit, right in ((120, 40, 0.75), (180, 70, 0.79), (240, 92, 0.8), (300, 110, 0.82)):
        add_reading(add_version(project, n_labels=labels, n_audit=audit, right=right))
    return project


def test_a_manager_looks_ahead(browser: Any, live_server: LiveServer, foretold: Project) -> None:
    page, said = open_results(browser, live_server, foretold)
    page.wait_for_selector("#curve[data-drawn] svg")
    assert page.locator("#forecast").inner_text().startswith("To reach 85 % you will need about ")
    assert page.locator(".lamp").count() == 3
    page.evaluate("window.sameDocument = true")
    page.get_by_label("Labels needed to reach").fill("87")
    page.keyboard.press("Enter")
    page.locator("#forecast", has_text="87 %").wait_for()
    assert page.url.endswith("?target=87") and page.evaluate("window.sameDocument")

    add_reading(add_version(foretold, n_labels=320, n_audit=112, right=0.84), seen=4)
    page.get_by_role("heading", name="Too early for advice").wait_for(timeout=90_000)
    assert "87 %" in page.locator("#forecast").inner_text()  # the poll kept the target
    page.reload()
    assert page.get_by_label("Labels needed to reach").input_value() == "87"

    page.wait_for_selector("#curve[data-drawn] svg")
    page.locator("#ahead summary").click()
    take(page, "outlook", whole=True)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert said == []


def test_a_target_is_asked_for_only_where_there_is_a_forecast(
    browser: Any, live_server: LiveServer, foretold: Project
) -> None:
    reading = PoolReading.objects.order_by("-version__number")[0]
    forecast, reading.forecast = reading.forecast, None
    reading.save()
    page, _ = open_results(browser, live_server, foretold)
    assert "There is no forecast yet" in page.locator("#forecast").inner_text()
    assert not page.get_by_label("Labels needed to reach").is_visible()
    reading.forecast = forecast
    reading.save()
    page.reload()
    assert page.get_by_label("Labels needed to reach").is_visible()


def test_without_a_script_the_form_leads_to_the_same_page(
    browser: Any, live_server: LiveServer, foretold: Project
) -> None:
    page, _ = open_results(browser, live_server, foretold, java_script_enabled=False)
    page.get_by_label("Labels needed to reach").fill("86")
    page.get_by_label("Labels needed to reach").press("Enter")
    page.wait_for_url("**/results/?target=86#outlook")
    assert "86 %" in page.locator("#forecast").inner_text()

"""The curve in a real browser under the real policy: it draws, says nothing to the console, and follows new models."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from labeller.projects.models import Project, User
from tests.browser import shots
from tests.cast import PASSWORD
from tests.insight.scored import add_comparison, add_labels, add_running_score, add_version

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(autouse=True)
def chart_library(settings: Settings) -> None:
    call_command("build_charts", verbosity=0)


@pytest.fixture
def measured(project: Project, alice: User) -> Project:
    add_labels(project, alice, audit=40, active=20)
    add_version(project, n_labels=12, n_audit=4)
    add_version(project, n_labels=40, n_audit=31)
    add_version(project, n_labels=50, n_audit=36, kind="full", promoted=True, right=0.9)
    add_version(project, n_labels=60, n_audit=40, right=0.85)
    return project


def open_results(browser: Any, live_server: LiveServer, project: Project, **context: Any) -> tuple[Any, list[str]]:
    """Alice signed in on the results page, and what the console said on it."""
    page = browser.new_context(**context).new_page()
    page.goto(live_server.url + reverse("account_login"))
    page.fill("[name=login]", "alice")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(live_server.url + reverse("results", args=[project.slug]))
    return page, said


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_curve_draws_in_the_page_s_colours_and_fits(
    browser: Any, live_server: LiveServer, measured: Project, scheme: str, size: str
) -> None:
    width, height = SIZES[size]
    page, said = open_results(
        browser, live_server, measured, viewport={"width": width, "height": height}, color_scheme=scheme
    )
    page.wait_for_selector("#curve[data-drawn] svg")
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    drawn, kept = page.locator("#curve-canvas svg").bounding_box(), page.locator("#curve-canvas").bounding_box()
    assert drawn["height"] <= kept["height"] == 330 and drawn["width"] <= kept["width"] + 1
    accent = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()")
    assert accent in page.locator("#curve-canvas svg").inner_html()
    assert page.get_by_label("Accuracy against number of labels, with 95 % band").is_visible()


def test_pointing_tells_the_figures_and_the_keyboard_changes_the_metric(
    browser: Any, live_server: LiveServer, measured: Project
) -> None:
    page, said = open_results(browser, live_server, measured)
    page.wait_for_selector("#curve[data-drawn='accuracy 4']")
    page.locator("#metric-accuracy").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#curve[data-drawn='macro_f1 4']")
    box = page.locator("#curve-canvas").bounding_box()
    for step in (0.97, 0.98):  # right of the last point: the nearest one answers
        page.mouse.move(box["x"] + box["width"] * step, box["y"] + 100)
    page.wait_for_selector("#vg-tooltip-element.visible")
    told = page.locator("#vg-tooltip-element").inner_text()
    shown = page.locator("#curve-table tbody tr").first.locator("td").nth(3).inner_text()
    assert "4 (quick)" in told and "60" in told and shown.split(" %")[0] in told
    assert said == []


def test_a_new_model_is_drawn_without_a_reload_and_the_reader_keeps_his_place(
    browser: Any, live_server: LiveServer, measured: Project
) -> None:
    page, said = open_results(browser, live_server, measured)
    page.wait_for_selector("#curve[data-drawn='accuracy 4']")
    page.click(".how summary")
    page.evaluate("window.sameDocument = true; scrollTo(0, 300)")
    add_version(measured, n_labels=70, n_audit=45, right=0.92)
    page.wait_for_selector("#curve[data-drawn='accuracy 5']", timeout=15_000)
    assert page.evaluate("window.sameDocument && scrollY === 300 && document.querySelector('.how').open")
    assert page.locator("#curve-table tbody tr").count() == 4  # the first model is folded away
    assert said == []


def test_a_manager_draws_one_label_and_the_lines_beside_the_models(
    browser: Any, live_server: LiveServer, measured: Project
) -> None:
    for n_labels, right in ((40, 0.6), (50, 0.7), (60, 0.75)):
        add_running_score(measured, n_labels=n_labels, n_texts=35, right=right)
    add_comparison(measured, n_labels=60, n_random=40, n_audit=40)
    page, said = open_results(browser, live_server, measured)
    page.wait_for_selector("#curve[data-drawn='accuracy 4']")
    assert "Choosing texts has saved about 12 labels so far (3 to 20)" in page.locator("#saving").inner_text()

    lines = page.locator("#curve-canvas svg .mark-line").count()
    page.get_by_label("Test, then train").check()
    page.get_by_label("All labels and random labels alone").check()
    page.wait_for_selector(f"#curve-canvas svg .mark-line >> nth={lines + 1}", state="attached")
    assert page.locator("[data-line]:visible").count() == 3  # no plain figures here
    shots.take(page, "curve-lines", whole=True)

    page.get_by_label("The F1 of").select_option("Court")  # chooses the figure too
    page.wait_for_selector("#curve[data-drawn='label_f1 4']")
    assert page.locator("#curve-metric").inner_text() == "F1 of Court"
    assert page.locator("[data-line]:visible").count() == 0
    shots.take(page, "curve-label")
    page.click("#curve-numbers")
    page.get_by_role("heading", name="F1 of Court, point by point").wait_for()
    assert page.locator("#picture-table tbody tr").count() == 4  # no line tells of one label
    page.goto(page.url.split("?")[0] + "?line=running&line=orders")
    assert page.locator("#picture-table tbody tr").count() == 4 + 3 + 6
    shots.take(page, "curve-numbers")
    assert said == []


def test_the_picture_can_be_saved(browser: Any, live_server: LiveServer, measured: Project) -> None:
    page, _ = open_results(browser, live_server, measured)
    page.wait_for_selector("#curve[data-drawn]")
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as download:
            page.click(f"[data-save={kind}]")
        assert download.value.suggested_filename == f"accuracy.{kind}"
        assert download.value.path().read_bytes().startswith(start)

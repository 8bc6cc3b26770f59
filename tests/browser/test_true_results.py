"""What a manager trusts: the leading figure with the plain one beside, pictures that stand alone, newer figures that
wait until they are asked for, and a failed run that says why."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from labeller.learning.models import TrainingRun
from labeller.notices.services import note_run_ended
from labeller.projects.models import Project, User
from tests.browser import shots
from tests.browser.test_results_page import open_results
from tests.insight.readings import add_reading
from tests.insight.scored import add_comparison, add_labels, add_running_score, add_version, answered

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def chart_library(settings: Settings) -> None:
    call_command("build_charts", verbosity=0)


@pytest.fixture
def measured(project: Project, alice: User) -> Project:
    add_labels(project, alice, audit=40, active=20)
    for n_labels, n_audit, right in ((90, 36, 0.7), (180, 56, 0.76), (260, 80, 0.79)):
        add_running_score(project, n_labels=n_labels, n_texts=40, right=right)
        _tightened(add_version(project, n_labels=n_labels, n_audit=n_audit, right=right), right + 0.04)
    full = add_version(project, n_labels=280, n_audit=104, kind="full", promoted=True, right=0.84)
    _tightened(full, 0.87)
    _tightened(add_version(project, n_labels=300, n_audit=110, base=full, right=0.83), 0.865)
    add_comparison(project, n_labels=300, n_random=110, n_audit=110)
    return project


def _tightened(version: Any, value: float) -> None:
    reading = add_reading(version)
    reading.tightened = {"value": value, "low": value - 0.05, "high": value + 0.05}
    reading.tightened_f1 = {"value": value - 0.02, "low": value - 0.09, "high": value + 0.05}
    of_label = {"value": value - 0.03, "low": value - 0.15, "high": value + 0.07}
    labels = len(version.label_ids)
    reading.tightened_labels = [dict.fromkeys(("precision", "recall", "f1"), of_label) for _ in range(labels)]
    reading.save(update_fields=["tightened", "tightened_f1", "tightened_labels"])


def test_the_leading_figure_and_the_plain_one_and_a_picture_to_take_away(
    browser: Any, live_server: LiveServer, measured: Project
) -> None:
    page, said = open_results(browser, live_server, measured, color_scheme="dark")
    page.wait_for_selector("#curve[data-drawn='accuracy 5']")
    assert "about 86 in 100" in page.locator("#standing h1").inner_text()
    assert "By those texts alone" in page.locator("#plain-beside").inner_text()
    drawn = page.locator("#curve-canvas svg .mark-line").count()
    page.get_by_label("Plain figures").uncheck()
    page.wait_for_function(f"() => document.querySelectorAll('#curve-canvas svg .mark-line').length < {drawn}")
    page.get_by_label("Plain figures").check()
    page.get_by_label("Test, then train").check()
    page.get_by_label("All labels and random labels alone").check()
    page.wait_for_function(f"() => document.querySelectorAll('#curve-canvas svg .mark-line').length > {drawn}")
    with page.expect_download() as download:
        page.click("[data-save=svg]")
    picture = download.value.path().read_text(encoding="utf-8")
    assert "against number of labels" in picture and "quick, plain" in picture and "#ffffff" in picture
    assert 'fill="#1c1d22"' in picture  # light, though the page is dark
    shots.take(page, "leading", whole=True)
    assert said == []


def test_the_figures_of_each_label_lead_in_the_same_way_and_say_so_on_a_phone_too(
    browser: Any, live_server: LiveServer, measured: Project
) -> None:
    page, said = open_results(browser, live_server, measured)
    page.wait_for_selector("#curve[data-drawn='accuracy 5']")
    table = page.locator("#label-table")
    assert "0.835" in table.inner_text() and "0.715" in table.inner_text()
    page.set_viewport_size(shots.PHONE)
    assert "corrected by the audit texts" in page.locator("#labels-lean").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= shots.PHONE["width"]
    shots.take(page, "labels-lean", whole=True)
    assert said == []


def test_newer_figures_wait_until_they_are_asked_for(
    browser: Any, live_server: LiveServer, project: Project, alice: User
) -> None:
    texts, gold = [f"Clause {at} of the terms." for at in range(30)], ["Change", "Court", "Other"] * 10
    answered(project, texts, gold, ["Change"] * 30)
    page, said = open_results(browser, live_server, project)
    page.goto(live_server.url + reverse("results-errors", args=[project.slug]))
    page.wait_for_selector("figure[data-drawn]")
    page.evaluate("window.sameDocument = true; scrollTo(0, 400)")
    answered(project, texts, gold, ["Change", "Court", "Court"] * 10)
    page.wait_for_selector("#show-newer", timeout=60_000)
    assert "Model 1 is wrong on 20" in page.locator("h1").inner_text()
    shots.take(page, "errors-newer")
    page.evaluate("scrollTo(0, 400)")
    page.locator("#show-newer").evaluate("link => link.click()")
    page.get_by_role("heading", name="Model 2 is wrong on 10").wait_for()
    page.wait_for_selector("figure[data-drawn]")
    assert page.evaluate("window.sameDocument && scrollY") == 400
    shots.take(page, "errors-shown", whole=True)
    assert said == []


def test_a_failed_run_is_announced_and_says_why(browser: Any, live_server: LiveServer, measured: Project) -> None:
    losses = [{"stage": "fine-tuning", "step": at, "loss": 1 / (at + 1), "seconds": 2.0 * at} for at in range(20)]
    run = TrainingRun.objects.create(
        project=measured, kind="full", state="failed", reason="The disk is full.", log=losses, stage="fine-tuning",
        progress=0.4,
    )  # fmt: skip
    note_run_ended(run.pk)
    page, said = open_results(browser, live_server, measured)
    page.get_by_role("link", name="What happened").click()
    page.get_by_role("heading", name="Fine-tuning: failed").wait_for()
    page.wait_for_selector("figure[data-drawn]")
    shots.take(page, "run", whole=True)
    for name in ("results-models", "results-report"):
        page.goto(live_server.url + reverse(name, args=[measured.slug]))
        shots.take(page, name, whole=True)
    page.goto(live_server.url + reverse("label", args=[measured.slug]))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator("#news .notice").wait_for()
    news, today = page.locator("#news .notice").bounding_box(), page.locator("#today").bounding_box()
    assert news["y"] > today["y"] + today["height"]
    shots.take(page, "label-news")
    assert said == []

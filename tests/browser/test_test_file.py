"""A test file in a real browser: uploaded, mapped, measured on, chosen on the curve, deleted; on a phone too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.corpus import testset
from labeller.corpus.importing import run_import
from labeller.corpus.models import ImportJob
from labeller.learning.models import TrainingRun
from labeller.projects.models import Project, User
from tests.browser.shots import take
from tests.browser.walker import Walker
from tests.cast import PASSWORD
from tests.corpus.files import csv_bytes
from tests.insight.scored import add_labels, add_version
from tests.insight.tested import GOLD, add_test_score, add_test_set, mostly_right

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def measured(project: Project, bob: User) -> Project:
    """Four models with audit figures."""
    call_command("build_charts", verbosity=0)
    add_labels(project, bob, audit=60, active=90)
    for n_labels, kind, right in ((50, "quick", 0.62), (80, "quick", 0.7), (80, "full", 0.8), (140, "quick", 0.82)):
        add_version(project, n_labels=n_labels, n_audit=min(60, n_labels // 2 + 10), kind=kind, right=right)
    return project


def sign_in(browser: Any, live_server: LiveServer) -> Walker:
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    return walker


def test_from_the_upload_to_the_curve_and_away_again(
    browser: Any, live_server: LiveServer, measured: Project, tmp_path: Path
) -> None:
    path = tmp_path / "held-out clauses.csv"
    rows = [[f"Clause {at} of the exam about {label}.", label] for at, label in enumerate(GOLD * 2)]
    path.write_bytes(csv_bytes([["text", "label"], *rows, ["A clause without a label.", ""]]))
    walker = sign_in(browser, live_server)
    page = walker.page
    page.goto(live_server.url + reverse("results", args=[measured.slug]))
    assert page.get_by_role("navigation", name="Measured on").count() == 0
    walker.go_to_part("Test file")
    page.get_by_role("heading", name="There is no test file.").wait_for()
    take(page, "test-file-none", whole=True)
    page.get_by_role("link", name="Upload a test file").click()
    page.get_by_label("File", exact=True).set_input_files(path)
    take(page, "test-file-upload", whole=True)
    page.get_by_role("button", name="Upload and look at it").click()
    page.get_by_role("button", name="Try it without importing").click()
    page.get_by_role("heading", name="The test file would have 120 texts").wait_for()
    assert "it has no label, and without one it measures nothing" in page.locator("#dry-run").inner_text()
    take(page, "test-file-mapping", whole=True)
    page.get_by_role("button", name="Take it as the test file").click()
    page.get_by_text("Waiting for a worker.").wait_for()
    run_import(ImportJob.objects.get().pk)
    page.get_by_text("Models are measured on it from now on").wait_for()
    take(page, "test-file-imported", whole=True)
    page.get_by_role("link", name="Go to the test file").click()
    page.get_by_text("Measuring on the test file waits for a worker.").wait_for()
    take(page, "test-file-waits", whole=True)
    _measure(measured)
    page.locator("#test-scores tbody tr").nth(3).wait_for()
    take(page, "test-file-measured", whole=True)
    page.get_by_role("link", name="See the curve on it").click()
    page.wait_for_selector("#curve[data-drawn] svg")
    assert "of the test file held-out clauses.csv" in page.locator("#standing").inner_text()
    assert "on the test file held-out clauses.csv, against number of labels" in page.locator("figcaption").inner_text()
    take(page, "test-file-curve", whole=True)
    page.locator("label[for=metric-macro_f1]").click()
    page.wait_for_selector("#curve[data-drawn^=macro_f1]")
    page.get_by_role("link", name="Numbers").click()
    page.get_by_role("heading", name="Macro-F1, point by point").wait_for()
    assert "on=test" in page.url and "held-out clauses.csv" in page.locator(".lead").inner_text()
    page.get_by_role("link", name="Back to the picture").click()
    page.get_by_role("navigation", name="Measured on").get_by_role("link", name="audit texts").click()
    page.get_by_text("drawn at random · learnt from").wait_for()
    take(page, "test-file-choice", whole=False)
    walker.go_to_part("Test file")
    page.get_by_role("link", name="Delete it…").click()
    take(page, "test-file-delete")
    page.get_by_role("button", name="Delete the test file").click()
    page.get_by_role("heading", name="There is no test file.").wait_for()
    assert not testset.TestSet.objects.exists()
    assert walker.complaints == []


def _measure(project: Project) -> None:
    """What the worker does, without the files of these models."""
    TrainingRun.objects.filter(kind="test").update(state="done", stage="", progress=1)
    made = testset.TestSet.objects.get()
    gold = GOLD * 2
    for version, every in zip(project.versions.order_by("number"), (2, 3, 5, 7), strict=True):
        add_test_score(version, made, mostly_right(gold, every=every))


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser: Any, live_server: LiveServer, measured: Project, width: int) -> None:
    made = add_test_set(measured, GOLD, name=f"{'a-very-long-name-of-a-file-' * 6}.csv")
    for version in measured.versions.all():
        add_test_score(version, made, mostly_right(GOLD, every=4))
    walker = sign_in(browser, live_server)
    walker.page.set_viewport_size({"width": width, "height": 844})
    for name in ("results-test", "results", "results-errors", "results-report", "results-numbers"):
        walker.page.goto(live_server.url + reverse(name, args=[measured.slug]) + "?on=test")
        assert walker.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    walker.page.goto(live_server.url + reverse("results-errors", args=[measured.slug]) + "?on=test")
    walker.page.wait_for_selector("figure[data-drawn] svg")
    take(walker.page, "test-file-errors", whole=True)
    walker.page.goto(live_server.url + reverse("results-report", args=[measured.slug]) + "?on=test")
    take(walker.page, "test-file-report", whole=True)
    assert walker.complaints == []

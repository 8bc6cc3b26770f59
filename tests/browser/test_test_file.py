"""A test file in a real browser: uploaded, mapped, measured on, chosen on the curve, deleted; on a phone too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
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
from tests.insight.worked import add_work

MODELS = ((50, "quick", 2), (80, "full", 3), (140, "quick", 5), (220, "full", 9))  # labels, kind, every so many wrong
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


def test_without_an_audit_the_file_measures_models_two_compared_a_text_and_effort(
    browser: Any, live_server: LiveServer, project: Project, alice: User
) -> None:
    """In German, as the people of that project speak it."""
    call_command("build_charts", verbosity=0)
    project.audit = False
    project.save()
    made, now = add_test_set(project, GOLD * 2), timezone.now()
    for at, (n_labels, kind, every) in enumerate(MODELS):
        version = add_version(project, n_labels=n_labels, n_audit=0, kind=kind)
        add_test_score(version, made, mostly_right(GOLD * 2, every=every))
        project.versions.filter(pk=version.pk).update(created_at=now - timedelta(hours=8 - 2 * at))
        add_work(project, alice, [11.0] * 40, at=now - timedelta(hours=8 - 2 * at, minutes=30))
    walker = sign_in(browser, live_server)
    page = walker.page
    walker.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "de", "url": live_server.url}])
    page.goto(live_server.url + reverse("results-models", args=[project.slug]))
    page.get_by_role("heading", name="Modelle").wait_for()
    take(page, "de-models", whole=True)
    page.locator("#a").select_option("1")
    page.locator("#b").select_option("4")
    page.get_by_role("button", name="Vergleichen").click()
    page.get_by_role("heading", name="Von 120 Testtexten ist Modell 4 bei").wait_for()
    page.get_by_text("Der Unterschied ist größer, als der Zufall ihn machen würde").wait_for()
    take(page, "de-compare")
    page.get_by_role("link", name="Öffnen").first.click()
    page.get_by_role("heading", name="Ein Text der Testdatei").wait_for()
    assert page.locator("#history tbody tr").count() == 4
    take(page, "de-test-text", whole=True)
    page.goto(live_server.url + reverse("results-effort", args=[project.slug]))
    page.get_by_role("heading", name="Was ein Punkt Genauigkeit gekostet hat, an der Testdatei").wait_for()
    assert page.locator("#cost-table tbody tr").count() >= 1
    take(page, "de-effort", whole=True)
    for name, query in (("results-errors", ""), ("results-test", ""), ("results-errors", "?on=audit")):
        page.goto(live_server.url + reverse(name, args=[project.slug]) + query)
        if name == "results-errors" and not query:
            page.wait_for_selector("figure[data-drawn] svg")
        take(page, f"de-{name}{'-audit' if query else ''}", whole=True)
    page.goto(live_server.url + reverse("results-model", args=[project.slug, 4]))
    take(page, "de-model", whole=True)
    failed = TrainingRun.objects.create(
        project=project, kind="full", state="failed", reason="The disk is full.", started_at=now, finished_at=now
    )
    page.goto(live_server.url + reverse("results-run", args=[project.slug, failed.key]))
    page.get_by_role("button", name="Vollen Lauf neu starten").wait_for()
    take(page, "de-run", whole=True)
    page.goto(live_server.url + reverse("models-delete", args=[project.slug]) + "?number=1&number=2")
    page.get_by_role("heading", name="Dateien von 2 Modellen löschen?").wait_for()
    take(page, "de-models-delete")
    assert walker.complaints == []


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

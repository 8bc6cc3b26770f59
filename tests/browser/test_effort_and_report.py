"""Effort and the report in a real browser: they fit, follow what happens without a reload, and go to paper."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from labeller.corpus.models import ImportJob
from labeller.learning.models import ModelVersion
from labeller.notices.models import Notice
from labeller.projects.labels import Draft, add_drafts
from labeller.projects.models import Project, User
from tests.browser import shots
from tests.browser.walker import Walker
from tests.cast import PASSWORD
from tests.insight.scored import add_labels, add_version
from tests.insight.worked import add_work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def worked(project: Project, alice: User, bob: User) -> Project:
    """Three weeks of two people's work, and models that were made of it."""
    now = timezone.now()
    for back in range(20, 0, -1):
        if back % 7:
            add_work(project, bob, [4.0 + at % 9 for at in range(back % 5 * 6)], at=now - timedelta(days=back))
            add_work(
                project, alice, [12.0 + back % 4] * (5 + back % 3) + [900.0], at=now - timedelta(days=back, hours=2)
            )
    add_labels(project, bob, audit=110, active=20)
    for at, n_labels in enumerate((40, 60, 90, 120, 150, 190, 240, 280, 330)):
        kind = "full" if at % 3 == 1 else "quick"
        right = 0.5 + 0.4 * (1 - 2.7 ** (-n_labels / 90))
        made = add_version(
            project, n_labels=n_labels, n_audit=30 + n_labels // 4, right=right, kind=kind, promoted=at > 3
        )
        ModelVersion.objects.filter(pk=made.pk).update(created_at=now - timedelta(days=20 - 2 * at))
    for name, day in (("terms-2025.csv", 30), ("terms-2026-with-a-rather-long-name-of-its-own.jsonl", 4)):
        ImportJob.objects.create(
            project=project,
            file_name=name,
            path="x",
            size=9,
            sha256="5f" * 32,
            state=ImportJob.State.DONE,
            rows_read=380,
            added=372,
            duplicates=6,
            refused=2,
            finished_at=now - timedelta(days=day),
        )
    return project


@pytest.fixture
def walker(browser: Any, live_server: LiveServer, worked: Project) -> Walker:
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    walker.page.goto(live_server.url + reverse("results-models", args=[worked.slug]))
    return walker


def fits(page: Any) -> None:
    for size in shots.SIZES.values():
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
    page.set_viewport_size(shots.WIDE)


def test_a_manager_reads_what_the_labels_cost_while_others_label(
    walker: Walker, worked: Project, alice: User, bob: User
) -> None:
    page = walker.page
    walker.go_to_part("Effort")
    page.get_by_role("heading", name="A text takes").wait_for()
    fits(page)
    shots.take(page, "effort", whole=True)
    page.get_by_label("Labels wanted").fill("1200")
    page.get_by_label("Days of").select_option(label="bob")
    page.get_by_role("button", name="Show").press("Enter")
    page.get_by_role("heading", name="To 1,200 labels").wait_for()
    page.get_by_role("heading", name="Labels by day, bob").wait_for()

    page.get_by_text("How the time is counted").click()
    page.locator("#people-table").scroll_into_view_if_needed()
    page.evaluate("window.sameDocument = true; document.querySelector('[data-keeps-place=days]').scrollTop = 90")
    page.locator("#how summary").focus()
    before = page.locator("#day-table tbody tr").first.locator("td").first.inner_text()
    place = page.evaluate("scrollY")
    add_work(worked, bob, [5.0] * 7)
    page.wait_for_function(
        "was => document.querySelector('#day-table tbody td').textContent === String(Number(was) + 7)", arg=before
    )
    kept = page.evaluate("""() => ({
      same: window.sameDocument, open: document.querySelector("#how").open, place: scrollY,
      box: document.querySelector("[data-keeps-place=days]").scrollTop,
      focus: document.activeElement.closest("#how") !== null,
    })""")
    assert kept == {"same": True, "open": True, "place": place, "box": 90, "focus": True}
    assert walker.complaints == []


def test_an_annotator_of_two_reads_counts_and_their_own_times_and_where_labels_changed(
    browser: Any, live_server: LiveServer, worked: Project
) -> None:
    add_drafts(project=worked, drafts=[Draft("Fees")])
    add_version(worked, n_labels=400, n_audit=130, right=0.9)
    walker = Walker(browser, live_server.url)
    walker.sign_in("bob", PASSWORD)
    page = walker.page
    page.goto(live_server.url + reverse("results-effort", args=[worked.slug]))
    page.get_by_text("each could work out the other's time").wait_for()
    assert page.get_by_text("labels changed in between").is_visible()
    fits(page)
    shots.take(page, "effort-of-two", whole=True)
    page.get_by_label("Days of").select_option(label="bob")
    page.get_by_role("button", name="Show").press("Enter")
    page.get_by_role("heading", name="Labels by day, bob").wait_for()
    assert page.get_by_text("fewer than three people worked there").count() == 1  # not below one's own days
    assert walker.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of(walker: Walker, worked: Project, scheme: str) -> None:
    Notice.objects.create(project=worked, kind="failed", sentence="Fine-tuning failed: The disk is full.")
    page = walker.page
    page.emulate_media(color_scheme=scheme)
    for name in ("results-effort", "results-report", "notice-settings"):
        page.goto(walker.address + reverse(name, args=[worked.slug]))
        found = Axe().run(page).response["violations"]
        assert [(name, each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_what_is_typed_stays_while_the_page_follows(walker: Walker, worked: Project, bob: User) -> None:
    page = walker.page
    walker.go_to_part("Effort")
    wanted = page.get_by_label("Labels wanted")
    wanted.fill("77")
    before = page.locator("#standing").get_attribute("hx-get")
    add_work(worked, bob, [5.0])
    page.wait_for_function("was => document.querySelector('#standing').getAttribute('hx-get') !== was", arg=before)
    assert wanted.input_value() == "77" and page.evaluate("document.activeElement.id") == "target"
    assert walker.complaints == []


def test_the_report_is_taken_away_as_one_file_and_opens_without_a_server(
    walker: Walker, worked: Project, tmp_path: Path
) -> None:
    page = walker.page
    walker.go_to_part("Report")
    fits(page)
    shots.take(page, "report", whole=True)
    headline = page.get_by_role("heading", level=1).inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as one file").click()
    file = tmp_path / "report.html"
    download.value.save_as(file)

    alone = walker.context.new_page()
    said: list[str] = []
    alone.on("console", lambda message: said.append(message.text))
    alone.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    alone.goto(file.as_uri())
    assert alone.get_by_role("heading", level=1).inner_text() == headline
    assert alone.locator("circle").count() == 18
    assert alone.evaluate("getComputedStyle(document.querySelector('.report-sheet')).maxWidth") == "820px"
    fits(alone)
    shots.take(alone, "report-file", whole=True)
    assert said == [] and walker.complaints == []


def test_the_report_prints_on_a4_without_the_page_around_it(walker: Walker, worked: Project, tmp_path: Path) -> None:
    page = walker.page
    walker.go_to_part("Report")
    folder = Path(os.environ.get("LABELLER_SHOTS") or tmp_path)
    for scheme in ("light", "dark"):
        page.emulate_media(media="print", color_scheme=scheme)
        assert not page.get_by_role("link", name="Download as one file").is_visible()
        assert not page.get_by_role("navigation", name="Results").is_visible()
        assert page.evaluate("getComputedStyle(document.querySelector('.report-sheet')).color") == "rgb(0, 0, 0)"
        pdf = page.pdf(path=folder / f"report-{scheme}.pdf", prefer_css_page_size=True, print_background=False)
        assert pdf.startswith(b"%PDF") and 2 <= pdf.count(b"/Type /Page\n") <= 4

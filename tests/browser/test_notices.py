"""News in a real browser: it comes by itself, moves nothing, takes neither focus nor keys, and stays away at a word."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.notices import services
from labeller.notices.delivering import deliver
from labeller.notices.models import Delivery
from labeller.projects.models import Project
from tests.browser import shots
from tests.browser.walker import Walker
from tests.cast import PASSWORD, add_texts
from tests.notices.test_notices import ended, told

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHERE = "() => { const box = document.getElementById('text').getBoundingClientRect(); return [box.x, box.y, scrollY]; }"


@pytest.fixture
def walker(browser: Any, live_server: LiveServer, project: Project) -> Walker:
    add_texts(project, [f"Clause {number}: we may change these terms at any time." for number in range(12)])
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    walker.page.goto(live_server.url + reverse("label", args=[project.slug]))
    return walker


def test_a_failed_run_is_told_while_somebody_labels_and_disturbs_nothing(walker: Walker, project: Project) -> None:
    page = walker.page
    page.locator("#text").wait_for()
    place, focused = page.evaluate(WHERE), page.evaluate("document.activeElement.tagName")
    services.note_run_ended(ended(project, reason="The disk is full. Make room, then start it again.").pk)
    region = page.get_by_role("status").filter(has_text="Fine-tuning failed: The disk is full.")
    region.wait_for()
    assert page.evaluate(WHERE) == place and page.evaluate("document.activeElement.tagName") == focused
    shots.take(page, "news-label")
    text = page.locator("#text").inner_text()
    page.keyboard.press("1")
    page.wait_for_function("was => document.getElementById('text').textContent !== was", arg=text)

    page.get_by_role("button", name="Put this notice away").press("Enter")
    page.locator("#news .notice").wait_for(state="detached")
    walker.go("Results")
    assert page.locator("#news .notice").count() == 0
    services.note_run_ended(ended(project, reason="The disk is full. Make room, then start it again.").pk)
    page.set_viewport_size(shots.PHONE)
    page.locator("#news .notice").wait_for()
    shots.take(page, "news-results")
    page.set_viewport_size(shots.PHONE)
    menu = page.get_by_role("navigation", name="Project").get_by_role("link", name="Data", exact=True)
    menu.click()  # refused where something lies over it
    page.wait_for_url("**/data/**")
    walker.complaints = [said for said in walker.complaints if "vega-bundle" not in said]
    assert walker.complaints == []


def test_what_went_well_goes_by_itself_unless_one_points_at_it(walker: Walker, project: Project) -> None:
    page = walker.page
    page.clock.install()
    told(project, "Model 3 was made and put into service.")
    page.goto(walker.address + reverse("data", args=[project.slug]))
    notice = page.locator("#news .notice")
    notice.hover()
    page.clock.run_for(20_000)
    assert notice.is_visible()
    page.mouse.move(5, 5)
    page.clock.run_for(9_000)
    notice.wait_for(state="detached")
    told(project, "Fine-tuning failed: x.", "failed")
    page.goto(walker.address + reverse("data", args=[project.slug]))
    page.clock.run_for(60_000)
    assert notice.is_visible() and walker.complaints == []


@pytest.mark.parametrize("name", ["label", "search", "results"])
def test_on_a_phone_it_never_lies_over_the_menu(walker: Walker, project: Project, name: str) -> None:
    page = walker.page
    told(project, "Fine-tuning failed: the disk is full. Make room, then start it again.", "failed")
    page.set_viewport_size(shots.PHONE)
    page.goto(walker.address + reverse(name, args=[project.slug]) + ("?q=clause" if name == "search" else ""))
    news, menu = page.locator("#news .notice").bounding_box(), page.locator("header.top").bounding_box()
    assert news["y"] >= menu["y"] + menu["height"]
    shots.take(page, f"news-phone-{name}")


def test_a_manager_sets_an_address_and_sees_a_test_arrive(walker: Walker, project: Project) -> None:
    page = walker.page
    walker.go("Settings")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Notices").click()
    page.get_by_label("Webhook").fill("http://10.0.0.5/hook")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Without TLS (http) 10.0.0.5 is not opened.").wait_for()
    shots.take(page, "notices-refused", whole=True)
    page.get_by_label("Webhook").fill("")
    page.get_by_label("E-mail addresses").fill("alice@example.org\nbob@example.org")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Send a test").click()
    page.get_by_text("On its way").first.wait_for()
    for delivery in Delivery.objects.all():
        deliver(delivery.pk)
    page.get_by_text("Written to the server's log only").first.wait_for()
    for size in shots.SIZES.values():
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
    shots.take(page, "notices", whole=True)
    assert [said for said in walker.complaints if "422" not in said] == []


def test_who_was_signed_out_is_told_beside_what_is_being_written_and_comes_back_to_the_page(
    walker: Walker, project: Project
) -> None:
    page, written = walker.page, "Change: the terms may be altered."
    page.goto(walker.address + reverse("project-settings", args=[project.slug]) + "?from=overview")
    page.locator("#id_guidelines").fill(written)
    page.context.clear_cookies()
    told = page.get_by_role("status").filter(has_text="You are signed out")
    told.wait_for()
    assert page.locator("#id_guidelines").input_value() == written
    shots.take(page, "signed-out")
    told.get_by_role("link", name="Sign in again").click()
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/settings/?from=overview")
    assert page.get_by_text("You are signed out").count() == 0

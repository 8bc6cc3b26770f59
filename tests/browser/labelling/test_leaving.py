"""Leaving the page gives its texts back; staying, in whatever way, keeps them."""

from __future__ import annotations

import time

import pytest
from django.core.signals import request_started
from django.urls import reverse
from playwright.sync_api import expect

from labeller.annotation.models import Lease
from labeller.annotation.serving import AHEAD
from tests.browser.labelling.hand import past_bouncing, press, several, shown, wait_saved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def farewells():
    """The leases that the server is asked to take back. Playwright does not see what a page sends while it ends."""
    paths = []

    def heard(sender, environ, **_):
        if environ["PATH_INFO"].endswith("/label/leave/"):
            paths.append(environ["PATH_INFO"])

    request_started.connect(heard)
    yield paths
    request_started.disconnect(heard)


def held() -> int:
    return Lease.objects.filter(closed_at=None).count()


def wait_until_held(count: int) -> None:
    wait_until(lambda: held() == count)


def wait_until(holds) -> None:
    """A browser sends its farewell when it likes."""
    give_up = time.monotonic() + 10
    while not holds() and time.monotonic() < give_up:
        time.sleep(0.05)
    assert holds()


def asked_about(page) -> bool:
    """Reloads the page: whether the browser asks before it lets go."""
    asked = []

    def listener(dialog):
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", listener)
    page.reload()
    page.remove_listener("dialog", listener)
    return asked == ["beforeunload"]


def test_going_elsewhere_gives_the_texts_back(open_page, live_server, project):
    page = open_page()
    press(page, "1")
    wait_saved(page)
    assert held() == AHEAD
    page.goto(live_server.url + reverse("project", args=[project.slug]))
    wait_until_held(0)


def test_closing_the_tab_gives_the_texts_back(open_page):
    open_page().close(run_before_unload=True)
    wait_until_held(0)


def test_a_reload_keeps_the_texts_and_the_one_on_the_screen(open_page, farewells):
    page = open_page()
    text = shown(page)
    page.reload()
    wait_until(lambda: len(farewells) == 1)
    expect(page.locator("#text")).to_have_text(text)
    with page.expect_response("**/label/status/"):
        page.evaluate("dispatchEvent(new Event('online'))")
    assert shown(page) == text and held() == AHEAD


def test_a_second_tab_keeps_what_the_first_one_leaves(open_page, context, live_server, project, farewells):
    page = open_page()
    other = context.new_page()
    other.goto(live_server.url + reverse("label", args=[project.slug]))
    expect(other.locator("#text")).to_be_focused()
    other.evaluate("document.title")  # they have met: each one's greeting is answered before this
    page.goto(live_server.url + reverse("project", args=[project.slug]), wait_until="networkidle")
    assert farewells == [] and held() == AHEAD
    other.close(run_before_unload=True)
    wait_until_held(0)


def test_while_answers_wait_here_the_texts_are_kept(open_page, live_server, project, farewells):
    page = open_page()
    page.route("**/label/answer/", lambda route: route.abort())
    press(page, "1")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(live_server.url + reverse("project", args=[project.slug]), wait_until="networkidle")
    assert farewells == [] and held() == AHEAD


def test_what_is_ticked_is_asked_about_before_the_page_is_left(open_page, bob):
    page = open_page(several(bob))
    page.keyboard.press("1")
    assert asked_about(page)
    assert not asked_about(page)


def test_what_is_ticked_beside_a_text_ahead_is_asked_about_too(open_page, bob):
    page = open_page(several(bob))
    press(page, "0")
    page.keyboard.press("2")
    press(page, "z")  # what is ticked waits beside the next text
    wait_saved(page)
    assert page.locator("#labels input:checked").count() == 0
    assert asked_about(page)


def test_an_answer_taken_back_where_a_text_has_one_label_is_nothing_to_lose(open_page):
    page = open_page()
    for _ in range(2):
        press(page, "1")
    for _ in range(2):
        past_bouncing(page)
        press(page, "z")
    wait_saved(page)
    assert not asked_about(page)

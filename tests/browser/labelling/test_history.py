"""Looking back at one's answers and changing them, beside the text and on a phone."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from labeller.annotation.models import Annotation
from labeller.projects.models import Label
from tests.browser.labelling.hand import current, press, several, shown, wait_saved
from tests.browser.shots import take

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def looked_back(page):
    page.keyboard.press("h")
    expect(page.locator("#history-body .past li").first).to_be_visible()
    return page.locator("#history")


def test_an_earlier_answer_is_changed_by_keyboard_beside_the_text_which_stays(open_page):
    page = open_page()
    first = press(page, "1")
    second = press(page, "2")
    wait_saved(page)
    reading = shown(page)
    panel = looked_back(page)
    take(page, "history-panel")
    place = page.locator("#labels").bounding_box()
    assert page.evaluate("document.activeElement.id") == "history-title"
    link = panel.locator(".past a", has_text=first)
    link.focus()
    page.keyboard.press("Enter")
    expect(panel.locator(".again")).to_have_text(first)
    take(page, "history-panel-answer")
    panel.get_by_role("button", name="Other").focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_have_text("Changed from Change to Other.")
    assert shown(page) == reading and page.locator("#labels").bounding_box() == place
    assert page.url.endswith("/label/")  # the panel has no address: a reload, or "back", is the labelling page's
    page.keyboard.press("Escape")
    expect(page.locator("#history")).to_be_hidden()
    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("#last .said")).to_have_text(["Other", "Court"])
    assert current() == {first: ("labelled", ["Other"], ""), second: ("labelled", ["Court"], "")}
    page.keyboard.press("z")  # the change was the last thing done
    expect(page.locator("#last .said")).to_have_text(["Court", "Change"])
    wait_saved(page)
    assert shown(page) == reading and current()[first] == ("labelled", ["Change"], "")


def test_keys_pressed_in_the_panel_label_nothing_and_in_the_text_they_do(open_page):
    page = open_page()
    press(page, "1")
    wait_saved(page)
    panel, reading = looked_back(page), shown(page)
    for key in ("1", "s", "z"):
        page.keyboard.press(key)
    assert shown(page) == reading and len(current()) == 1
    page.locator("#text").click()
    press(page, "2")
    expect(panel.locator(".past li")).to_have_count(2)  # what was just saved stands on top
    expect(panel.locator(".past .said").first).to_contain_text("Court")
    page.keyboard.press("h")
    expect(page.locator("#history")).to_be_hidden()


def test_one_of_the_last_answers_is_opened_by_a_click(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    page.locator("#last a").click()
    expect(page.locator("#history .again")).to_have_text(first)
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#text")).to_be_focused()


def test_an_answer_that_is_not_saved_yet_says_so(open_page):
    page = open_page()
    page.expected = re.compile("status of (500|404)|Response Status Error Code 404")
    page.route("**/label/answer/", lambda route: route.fulfill(status=500))
    press(page, "1")
    page.locator("#last a").click()
    expect(page.locator("#history-body")).to_contain_text("This answer has not reached the server yet.")
    page.unroute("**/label/answer/")
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_saved(page)


def test_the_list_is_narrowed_to_one_label_beside_the_text(open_page, project):
    page = open_page()
    for key in "1213":
        press(page, key)
    wait_saved(page)
    panel = looked_back(page)
    panel.get_by_label("Show").select_option(label="Court")
    panel.get_by_role("button", name="Show").click()
    expect(panel.locator(".past li")).to_have_count(1)
    expect(panel.locator(".past .said")).to_contain_text("Court")


def test_on_a_phone_the_answers_have_a_page_of_their_own(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#all-answers").click()
    page.get_by_role("heading", name="My answers").wait_for()
    take(page, "my-answers")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("link", name=re.compile("Change")).click()
    take(page, "my-answer")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Court").click()
    expect(page.get_by_text("Changed from Change to Court.")).to_be_visible()
    page.get_by_role("link", name="Back to labelling").click()
    expect(page.locator("#text")).to_be_focused()
    assert current() == {first: ("labelled", ["Court"], "")}


def test_several_labels_are_ticked_anew(open_page, bob):
    page = open_page(several(bob))
    page.keyboard.press("1")
    first = press(page, "Enter")
    wait_saved(page)
    panel = looked_back(page)
    panel.locator(".past a").click()
    box = panel.get_by_label("Kind of clause 2")
    box.check()
    take(page, "history-panel-several")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("status")).to_contain_text("Changed from Kind of clause 0 to")
    assert current() == {first: ("labelled", ["Kind of clause 0", "Kind of clause 2"], "")}


def opened(page, text):
    """The form of an earlier answer, in the panel."""
    panel = looked_back(page)
    panel.locator(".past a", has_text=text).click()
    expect(panel.locator(".again")).to_have_text(text)
    return panel


def without_posts(page, status=503):
    """The server fails at every change."""
    page.expected = re.compile(f"status of {status}")

    def fail(route):
        return route.fulfill(status=status) if route.request.method == "POST" else route.continue_()

    page.context.route("**/label/answers/*/", fail)


def answered_again(page):
    page.context.unroute("**/label/answers/*/")
    page.evaluate("dispatchEvent(new Event('online'))")


def test_a_change_made_offline_stays_in_its_form_and_is_saved_when_the_network_is_back(open_page, context, bob):
    page = open_page(several(bob))
    page.keyboard.press("1")
    first = press(page, "Enter")
    wait_saved(page)
    panel = opened(page, first)
    panel.get_by_label("Kind of clause 1").check()
    panel.locator("#change-comment").fill("see clause 12")
    context.set_offline(True)
    panel.get_by_role("button", name="Save").click()
    told = panel.locator(".told")
    expect(told).to_have_text("Not saved yet. The change is kept here, and sent again by itself.")
    expect(panel.locator("#change-comment")).to_have_value("see clause 12")
    expect(page.locator("#save")).to_have_text("Offline: 1 answer kept here until the network is back")
    expect(page.locator("#last .said")).to_have_text(["Kind of clause 0, Kind of clause 1"])
    take(page, "history-change-offline")
    context.set_offline(False)
    expect(panel.get_by_role("status")).to_have_text(
        "Changed from Kind of clause 0 to Kind of clause 0, Kind of clause 1."
    )
    assert current() == {first: ("labelled", ["Kind of clause 0", "Kind of clause 1"], "see clause 12")}
    assert Annotation.objects.count() == 2


def test_a_change_that_the_server_fails_at_survives_a_reload_and_undo_goes_behind_it(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    without_posts(page)
    panel = opened(page, first)
    panel.locator("#change-comment").fill("my reasons")
    panel.get_by_role("button", name="Other").click()
    expect(panel.locator(".told")).to_contain_text("Not saved yet.")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#last .said")).to_have_text(["Other"])
    expect(page.locator("#save")).to_contain_text("1 answer kept here")
    panel = opened(page, first)
    expect(panel.locator("#change-comment")).to_have_value("my reasons")
    page.keyboard.press("Escape")
    answered_again(page)
    wait_saved(page)
    assert current() == {first: ("labelled", ["Other"], "my reasons")}
    page.keyboard.press("z")
    expect(page.locator("#last .said")).to_have_text(["Change"])
    wait_saved(page)
    assert current() == {first: ("labelled", ["Change"], "")}


def test_of_two_changes_of_one_answer_that_wait_the_last_one_is_made(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    without_posts(page)
    panel = opened(page, first)
    panel.get_by_role("button", name="Other").click()
    expect(panel.locator(".told")).to_contain_text("Not saved yet.")
    panel.get_by_role("button", name="Court").click()
    expect(page.locator("#last .said")).to_have_text(["Court"])
    expect(page.locator("#save")).to_contain_text("1 answer kept here")
    answered_again(page)
    expect(panel.get_by_role("status")).to_have_text("Changed from Change to Court.", timeout=20_000)
    assert current() == {first: ("labelled", ["Court"], "")} and Annotation.objects.count() == 2


def test_a_change_whose_reply_was_lost_is_made_once_and_told_as_it_was(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    lost = []

    def carry_out_but_lose_the_reply(route):
        if lost or route.request.method != "POST":
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/label/answers/*/", carry_out_but_lose_the_reply)
    panel = opened(page, first)
    panel.get_by_role("button", name="Other").click()
    expect(panel.get_by_role("status")).to_have_text("Changed from Change to Other.")
    assert lost and Annotation.objects.count() == 2


def test_a_refused_change_keeps_its_form_and_what_is_written_in_it_past_a_reload(open_page, project):
    page = open_page()
    page.expected = re.compile("status of 422")
    first = press(page, "1")
    wait_saved(page)
    panel = opened(page, first)
    Label.objects.filter(name="Other").update(retired_at=timezone.now(), on_offer=False, hotkey="")
    panel.locator("#change-comment").fill("my reasons")
    panel.get_by_role("button", name="Other").click()
    expect(panel.locator(".told")).to_have_text(
        "Not saved. “Other” is not in this project any more. Reload the page to see its labels."
    )
    expect(page.locator("#last .said")).to_have_text(["Change"])
    page.reload()  # unasked: what is written there is kept
    panel = opened(page, first)
    expect(panel.locator("#change-comment")).to_have_value("my reasons")
    expect(panel.locator(".told")).to_have_text("What you had begun stands here again. It is not saved.")
    panel.get_by_role("button", name="Court").click()
    expect(panel.get_by_role("status")).to_have_text("Changed from Change to Court.")
    assert current() == {first: ("labelled", ["Court"], "my reasons")}


def test_leaving_the_page_with_a_half_written_change_asks_and_closing_the_panel_keeps_it(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    panel = opened(page, first)
    panel.locator("#change-comment").click()
    page.keyboard.type("half a thought")
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    page.keyboard.press("Escape")
    expect(page.locator("#history")).to_be_hidden()
    panel = opened(page, first)
    expect(panel.locator("#change-comment")).to_have_value("half a thought")


def test_a_change_with_nothing_ticked_says_so_at_once(open_page, bob):
    page = open_page(several(bob))
    page.keyboard.press("1")
    first = press(page, "Enter")
    wait_saved(page)
    panel = opened(page, first)
    panel.get_by_label("Kind of clause 0").uncheck()
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".told")).to_contain_text("No label is ticked.")
    panel.get_by_role("button", name="None of these").click()
    expect(panel.get_by_role("status")).to_contain_text("to none of these.")
    assert current() == {first: ("labelled", [], "")}

"""Looking back at one's answers and changing them, beside the text and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

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

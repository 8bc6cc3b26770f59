"""Taking answers back, skipping, doubting and commenting."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from labeller.annotation.services import answer, serve
from tests.browser.labelling.hand import current, past_bouncing, press, several, shown, wait_saved, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_undo_goes_back_step_by_step_and_skip_unsure_and_comment_are_saved(open_page):
    page = open_page()
    first = press(page, "1")
    second = press(page, "2")
    assert press(page, "z") and shown(page) == second
    assert press(page, "z") and shown(page) == first
    press(page, "s")
    assert shown(page) == second
    press(page, "u")
    third = shown(page)
    write(page, "Two kinds in one")
    press(page, "3")
    wait_saved(page)
    assert current() == {
        first: ("skipped", [], ""),
        second: ("unsure", [], ""),
        third: ("labelled", ["Other"], "Two kinds in one"),
    }


def test_undo_brings_back_what_was_written_also_past_a_reload_and_keeps_what_is_being_written(open_page):
    page = open_page()
    comment = page.locator("#comment")
    write(page, "See clause 4")
    first = press(page, "1")
    write(page, "Half a thought")
    press(page, "z")
    assert shown(page) == first
    expect(comment).to_have_value("See clause 4")
    press(page, "2")
    expect(comment).to_have_value("Half a thought")
    comment.fill("")
    wait_saved(page)
    assert current() == {first: ("labelled", ["Court"], "See clause 4")}
    page = open_page()
    press(page, "z")
    assert shown(page) == first
    expect(comment).to_have_value("See clause 4")
    expect(comment).to_be_visible()
    comment.fill("")  # or leaving the page would be asked about


def test_undo_brings_back_the_ticks_past_a_reload(open_page, bob):
    project = several(bob)
    page = open_page(project)
    page.keyboard.press("1")
    page.keyboard.press("3")
    first = press(page, "Enter")
    wait_saved(page)
    page = open_page(project)
    press(page, "z")
    assert shown(page) == first
    ticked = page.locator("#labels label:has(input:checked) .name")
    expect(ticked).to_have_text(["Kind of clause 0", "Kind of clause 2"])


def test_an_answer_undone_before_a_reload_and_not_sent_yet_is_no_answer_after_it(open_page, context):
    page = open_page()
    kept = press(page, "1")
    wait_saved(page)
    context.route("**/label/answer/", lambda route: route.abort())
    undone = press(page, "2")
    press(page, "z")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("#save")).to_have_attribute("data-state", "waiting")
    expect(page.locator("#last .head")).to_have_text([kept])
    expect(page.locator("#today")).to_have_text("1")
    context.unroute("**/label/answer/")
    wait_saved(page)
    assert undone not in current()
    page.keyboard.press("z")
    expect(page.locator("#text")).to_have_text(kept)
    wait_saved(page)
    assert current() == {}


def test_undo_reaches_back_past_a_reload(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    page = open_page()
    press(page, "z")
    assert shown(page) == first
    assert current() == {}


def test_undo_takes_back_the_topmost_answer_also_when_another_tab_gave_it(open_page, project, bob):
    page = open_page()
    here = press(page, "1")
    wait_saved(page)
    served = serve(project=project, annotator=bob)[-1]  # Bob, in another tab
    elsewhere = served.text
    answer(project=project, annotator=bob, lease_key=served.key, key=uuid4(), status="skipped")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#last .head")).to_have_text([elsewhere[:90], here[:90]])
    press(page, "z")
    wait_saved(page)
    assert shown(page) == elsewhere
    assert current() == {here: ("labelled", ["Change"], "")}
    press(page, "z")
    wait_saved(page)
    assert shown(page) == here and current() == {}


def test_undo_reaches_back_twenty_answers_past_a_reload(open_page):
    page = open_page()
    answered = [press(page, "123"[at % 3]) for at in range(22)]
    wait_saved(page)
    page = open_page()
    for text in reversed(answered[2:]):
        past_bouncing(page)
        page.keyboard.press("z")
        expect(page.locator("#text")).to_have_text(text)
    wait_saved(page)
    assert sorted(current()) == sorted(answered[:2])


def test_undo_pressed_quickly_before_the_texts_are_back_takes_as_many_back(open_page):
    page = open_page()
    answered = [press(page, "1") for _ in range(6)]
    wait_saved(page)
    page = open_page()
    for _ in range(4):
        past_bouncing(page)
        page.keyboard.press("z")
    expect(page.locator("#text")).to_have_text(answered[2])
    wait_saved(page)
    assert sorted(current()) == sorted(answered[:2])


def test_a_text_undone_before_a_reload_and_not_sent_yet_is_the_first_to_come_back(open_page, context):
    page = open_page()
    page.on("dialog", lambda dialog: dialog.accept())
    context.route("**/label/*/", lambda route: route.abort())
    undone = press(page, "1")
    press(page, "z")
    page.reload()
    expect(page.locator("#save")).to_have_attribute("data-state", "waiting")
    context.unroute("**/label/*/")
    expect(page.locator("#text")).to_have_text(undone)
    wait_saved(page)
    assert shown(page) == undone and current() == {}


def test_an_undo_that_waits_for_the_network_is_told_when_it_is_asked_for_and_when_it_is_done(open_page, context):
    page = open_page()
    undone = press(page, "1")
    wait_saved(page)
    page = open_page()
    context.set_offline(True)
    page.keyboard.press("z")
    expect(page.locator("#live")).to_have_text("Undoing…")
    context.set_offline(False)
    expect(page.locator("#live")).to_have_text(f"Undone. {undone}")


@pytest.mark.parametrize("keys", [("1", "2"), ("1Enter", "2Enter")], ids=["one label", "several"])
def test_a_change_undone_in_a_second_tab_says_that_the_earlier_answer_stands_again(
    open_page, context, live_server, project, bob, keys
):
    which = several(bob) if "Enter" in keys[0] else project
    page, other = open_page(which), context.new_page()
    other.goto(live_server.url + reverse("label", args=[which.slug]))
    text = shown(other)
    for tab, key in ((page, keys[0]), (other, keys[1])):
        tab.keyboard.press(key[0])
        if "Enter" in key:
            tab.keyboard.press("Enter")
        wait_saved(tab)
    other.keyboard.press("z")
    expect(other.locator("#live")).to_contain_text("Undone. Your earlier answer to that text stands again.")
    assert shown(other) != text and list(current()) == [text]

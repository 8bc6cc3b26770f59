"""Answering by key, with one label per text: what each key does, on any keyboard."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from labeller.annotation.models import Annotation
from tests.browser.labelling.hand import current, past_bouncing, press, several, shown, wait_saved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_ten_texts_are_labelled_by_keyboard_without_a_reload(open_page):
    page = open_page()
    page.evaluate("window.stillHere = true")
    names = {"1": "Change", "2": "Court", "3": "Other"}
    expected = {}
    for key in "1232113221":
        expected[press(page, key)] = ("labelled", [names[key]], "")
    wait_saved(page)
    assert len(expected) == 10 and current() == expected
    assert page.evaluate("window.stillHere")
    assert page.locator("#today").text_content() == "10"
    assert page.locator("#last li").count() == 5
    assert "<b>without</b>" in shown(page)


def test_the_keys_are_explained_on_a_question_mark(open_page):
    page = open_page()
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    told = page.locator("dialog#keys kbd").all_inner_texts()
    assert {"Z", "S", "U", "C", "H", "J", "K", "Home", "End", "Esc", "?"} <= set(told)
    page.keyboard.press("1")  # no key labels while the list is open
    page.keyboard.press("Escape")
    assert not page.locator("dialog#keys").is_visible()
    assert not Annotation.objects.exists()


def test_a_slash_opens_the_search(open_page, project):
    page = open_page()
    page.keyboard.press("/")
    page.wait_for_url("**" + reverse("search", args=[project.slug]))
    expect(page.locator("#find-q")).to_be_visible()


def test_a_bouncing_key_answers_once_and_another_key_at_once_is_meant(open_page):
    page = open_page()
    page.evaluate("""() => {
      const press = (key) => document.getElementById("text").dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      for (const key of ["1", "1", "2"]) press(key);
    }""")
    expect(page.locator("#today")).to_have_text("2")
    wait_saved(page)
    assert sorted(labels for _, labels, _ in current().values()) == [["Change"], ["Court"]]


def press_abroad(page, key: str, code: str, shift: bool = False) -> str:
    """A key as a keyboard of another country reports it: what it types, and where an American one has it."""
    before = shown(page)
    past_bouncing(page)
    page.evaluate(
        """([key, code, shiftKey]) => document.getElementById("text").dispatchEvent(
          new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true }))""",
        [key, code, shift],
    )
    return before


def test_the_digits_of_a_french_keyboard_need_no_shift(open_page):
    page = open_page()
    first = press_abroad(page, "&", "Digit1")
    second = press_abroad(page, "é", "Digit2")
    third = press_abroad(page, "3", "Digit3", shift=True)
    fourth = press_abroad(page, "!", "Digit1", shift=True)  # on an American one: no digit
    expect(page.locator("#today")).to_have_text("3")
    wait_saved(page)
    assert shown(page) == fourth
    assert current() == {
        first: ("labelled", ["Change"], ""),
        second: ("labelled", ["Court"], ""),
        third: ("labelled", ["Other"], ""),
    }


def test_a_french_zero_says_none_of_these(open_page, bob):
    page = open_page(several(bob))
    press_abroad(page, "&", "Digit1")
    answered = press_abroad(page, "à", "Digit0")
    expect(page.locator("#text")).not_to_have_text(answered)
    wait_saved(page)
    assert current() == {answered: ("labelled", [], "")}


def test_on_a_cyrillic_keyboard_the_letters_on_the_caps_act(open_page):
    page = open_page()
    undone = press(page, "1")
    assert press_abroad(page, "я", "KeyZ") != undone
    expect(page.locator("#text")).to_have_text(undone)
    skipped = press_abroad(page, "ы", "KeyS")
    expect(page.locator("#text")).not_to_have_text(skipped)
    unsure = press_abroad(page, "Г", "KeyU")
    expect(page.locator("#text")).not_to_have_text(unsure)
    wait_saved(page)
    assert current() == {skipped: ("skipped", [], ""), unsure: ("unsure", [], "")}
    press_abroad(page, "с", "KeyC")
    expect(page.locator("#comment")).to_be_focused()


def test_keys_of_one_character_can_be_turned_off_and_on_again_for_this_browser(open_page):
    page = open_page()
    page.keyboard.press("?")
    page.get_by_label("Keys of one character act at once").uncheck()
    page.keyboard.press("Escape")
    page = open_page()
    before = shown(page)
    for key in ("1", "s", "z", "c", "?", "/"):
        page.keyboard.press(key)
    assert (
        shown(page) == before and not page.locator("dialog[open]").count() and not page.locator("#comment").is_visible()
    )
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Keys of one character act at once").check()
    page.keyboard.press("Escape")
    assert press(page, "1") == before
    wait_saved(page)
    assert list(current()) == [before]

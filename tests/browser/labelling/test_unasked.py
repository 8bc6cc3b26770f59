"""A text that the server changed under one's eyes: what was meant for the one before does not answer it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.labelling.hand import as_if_read, current, press, several, shown, wait_saved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PRESS_3 = """document.getElementById("text").dispatchEvent(
  new KeyboardEvent("keydown", { key: "3", code: "Digit3", bubbles: true, cancelable: true }))"""
CLICK_3 = "document.querySelectorAll('#labels .choice')[2].click()"


def when_it_changes(page, act: str) -> None:
    """Does it 40 ms after another text stands there, as a hand does that was already on its way."""
    page.evaluate(f"""() => {{
      const text = document.getElementById("text");
      const before = text.textContent;
      new MutationObserver((_, observer) => {{
        if (!text.textContent || text.textContent === before) return;
        observer.disconnect();
        setTimeout(() => {{ {act}; window.acted = true; }}, 40);
      }}).observe(text, {{ childList: true }});
    }}""")


def undo_from_before_a_reload(page) -> None:
    """The text comes back when the server says so, not at the press."""
    page.keyboard.press("z")
    page.wait_for_function("() => window.acted")
    wait_saved(page)


def test_a_key_meant_for_the_text_before_does_not_answer_the_one_that_came_by_itself(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    page = open_page()
    when_it_changes(page, PRESS_3)
    undo_from_before_a_reload(page)
    assert shown(page) == first and current() == {}
    as_if_read(page)
    assert press(page, "3") == first
    wait_saved(page)
    assert current() == {first: ("labelled", ["Other"], "")}


def test_a_click_meant_for_the_text_before_ticks_nothing_beside_the_one_that_came_by_itself(open_page, bob):
    project = several(bob)
    page = open_page(project)
    page.keyboard.press("1")
    press(page, "Enter")
    wait_saved(page)
    page = open_page(project)
    when_it_changes(page, CLICK_3)
    undo_from_before_a_reload(page)
    ticked = page.locator("#labels label:has(input:checked) .name")
    expect(ticked).to_have_text(["Kind of clause 0"])
    as_if_read(page)
    page.locator("#labels .choice").nth(2).click()
    expect(ticked).to_have_text(["Kind of clause 0", "Kind of clause 2"])

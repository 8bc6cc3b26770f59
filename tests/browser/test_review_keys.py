"""The keys of the review where a text may have several labels: none ticked is no decision, and no key decides twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from labeller.annotation.models import Annotation, Source
from labeller.projects.models import Role, User
from tests.annotation.review.acts import say
from tests.browser import shots
from tests.browser.walker import Walker
from tests.cast import PASSWORD, add_texts, join, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser: Any, live_server: LiveServer, alice: User, bob: User) -> Any:
    """Alice at the review of three texts on which she and Bob differ."""
    project = make_project("multi", name="Several")
    join(project, alice, Role.MANAGER)
    join(project, bob)
    change, court, _ = project.labels.all()
    for text in add_texts(project, [f"Clause {number}" for number in range(3)]):
        say(text, alice, change)
        say(text, bob, court)
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    walker.page.goto(live_server.url + reverse("review", args=[project.slug]))
    return walker.page


def decided() -> list[list[str]]:
    rows = Annotation.objects.filter(source=Source.REVIEW).order_by("pk")
    return [[label.name for label in row.labels.all()] for row in rows]


def stands(page: Any, text: str) -> None:
    """The next text is there, and its page listens to keys."""
    expect(page.locator("#text")).to_have_text(text)
    page.wait_for_load_state("load")


def test_enter_with_nothing_ticked_says_so_and_zero_says_that_none_fits(page: Any) -> None:
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    stands(page, "Clause 1")
    page.keyboard.press("Enter")
    expect(page.locator("#hint")).to_have_text(
        "No label is ticked. Tick every label that fits, or press “None of these”."
    )
    page.get_by_role("button", name="Decide").click()
    shots.take(page, "review-nothing-ticked", whole=True)
    assert decided() == [["Change"]]
    page.keyboard.press("2")
    expect(page.locator("#hint")).to_be_empty()
    page.keyboard.press("2")
    page.keyboard.press("0")
    stands(page, "Clause 2")
    assert decided() == [["Change"], []]


def test_a_key_held_down_decides_nothing(page: Any) -> None:
    page.keyboard.press("1")
    page.keyboard.down("Enter")
    stands(page, "Clause 1")
    page.keyboard.down("1")
    page.keyboard.down("1")  # the second comes as a repetition
    expect(page.get_by_label("Change")).to_be_checked()
    page.keyboard.down("Enter")
    assert decided() == [["Change"]]


def press_cyrillic(page: Any, key: str, code: str) -> None:
    page.evaluate(
        """([key, code]) => document.body.dispatchEvent(
          new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))""",
        [key, code],
    )


def test_on_a_cyrillic_keyboard_the_letters_on_the_caps_act(page: Any) -> None:
    press_cyrillic(page, "ы", "KeyS")
    stands(page, "Clause 1")
    assert decided() == []


def test_keys_of_one_character_are_turned_off_and_enter_still_decides(page: Any) -> None:
    page.get_by_label("Keys of one character act at once").uncheck()
    page.reload()
    page.locator("#text").focus()
    for key in ("s", "k", "0", "1"):
        page.keyboard.press(key)
    assert page.locator("#decide input:checked").count() == 0
    page.locator("#decide .option").first.click()
    page.locator("#text").focus()
    page.keyboard.press("Enter")
    stands(page, "Clause 1")
    assert decided() == [["Change"]]
    shots.take(page, "review-keys-off", whole=True)

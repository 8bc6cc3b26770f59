"""A hand at the keyboard of the labelling page, and what the database then says."""

from __future__ import annotations

from playwright.sync_api import expect

from labeller.annotation.models import Annotation
from labeller.projects.models import Project
from tests.cast import add_texts, join, make_project

TEXTS = [f"Clause {number}: we may change these terms at any time, <b>without</b> notice." for number in range(30)]


def shown(page) -> str:
    return page.locator("#text").text_content()


def past_bouncing(page) -> None:
    """Two presses of one key within 60 ms are taken for one that bounces: wait until the page's clock is past that."""
    now = page.evaluate("performance.now()")
    page.wait_for_function("since => performance.now() - since > 60", arg=now)


def as_if_read(page) -> None:
    """A text that came by itself takes no answer for 300 ms, in which nobody can have read it: wait until then."""
    now = page.evaluate("performance.now()")
    page.wait_for_function("since => performance.now() - since > 300", arg=now)


def press(page, key: str) -> str:
    """Press a key and wait until another text stands there. Returns the text that was answered."""
    before = shown(page)
    past_bouncing(page)
    page.keyboard.press(key)
    expect(page.locator("#text")).not_to_have_text(before)
    expect(page.locator("#text")).not_to_be_empty()
    return before


def write(page, comment: str) -> None:
    page.keyboard.press("c")
    page.keyboard.type(comment)
    page.keyboard.press("Escape")


def wait_saved(page) -> None:
    expect(page.locator("#save")).to_have_attribute("data-state", "saved")


def current() -> dict[str, tuple[str, list[str], str]]:
    """Text -> (status, labels, comment) of the current answers."""
    rows = Annotation.objects.filter(superseded_at=None).select_related("document").prefetch_related("labels")
    return {
        row.document.text: (row.status, sorted(label.name for label in row.labels.all()), row.comment) for row in rows
    }


def several(bob, count: int = 3) -> Project:
    """Several labels per text, with Bob in it and thirty texts."""
    project = make_project("multi", labels=[f"Kind of clause {number}" for number in range(count)], name="Several")
    join(project, bob)
    add_texts(project, TEXTS)
    return project

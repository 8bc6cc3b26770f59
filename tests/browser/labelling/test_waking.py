"""A page that was asleep for longer than its leases last: what it held may be in other hands."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from labeller.annotation.models import Lease
from tests.browser.labelling.hand import as_if_read, current, press, several, shown, wait_saved, write
from tests.browser.shots import take

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TAKEN = "Somebody else took that text while this page was asleep. Here is another."
LATE = "Somebody else may have this text by now. What you have begun can still be saved."


def others_take_all(bob) -> set[str]:
    """Bob's leases expired, and colleagues hold his texts. Returns those texts."""
    held = Lease.objects.filter(annotator=bob, closed_at=None)
    taken = set(held.values_list("document__text", flat=True))
    held.update(closed_at=timezone.now())
    return taken


def wake(page) -> None:
    with page.expect_response("**/label/next/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_whose_texts_were_all_taken_gets_others_at_once(open_page, texts, bob, alice):
    page = open_page()
    taken = others_take_all(bob)
    for text in texts:
        if text.text in taken:
            Lease.objects.create(
                project=text.project,
                document=text,
                annotator=alice,
                slot=0,
                source="random",
                expires_at=timezone.now() + timedelta(minutes=10),
            )
    wake(page)
    expect(page.locator("#live")).to_contain_text(TAKEN)
    assert page.locator("#done").is_hidden() and shown(page) not in taken
    as_if_read(page)
    answered = press(page, "1")
    wait_saved(page)
    assert list(current()) == [answered]


def test_what_was_begun_stays_and_is_saved(open_page, bob):
    project = several(bob)
    page = open_page(project)
    page.keyboard.press("2")
    write(page, "See clause 4")
    begun = shown(page)
    others_take_all(bob)
    wake(page)
    expect(page.locator("#reason")).to_have_text(LATE)
    take(page, "label-late")
    assert shown(page) == begun
    press(page, "Enter")
    wait_saved(page)
    assert current() == {begun: ("labelled", ["Kind of clause 1"], "See clause 4")}
    assert page.locator("#comment").input_value() == "" and page.locator("#labels input:checked").count() == 0

"""What time does at the page: a tab that nobody saw, a refusal that was read."""

from __future__ import annotations

import json
import re

import pytest

from labeller.annotation.models import Annotation
from tests.browser.labelling.hand import press, wait_saved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BEHIND = """Object.defineProperty(document, "visibilityState", { get: () => window.seen ? "visible" : "hidden" })"""


def test_the_time_in_a_tab_that_was_opened_behind_another_does_not_count(open_page, page):
    page.clock.install()
    page.add_init_script(BEHIND)
    open_page()
    page.clock.fast_forward(60_000)
    page.evaluate("window.seen = true; document.dispatchEvent(new Event('visibilitychange'))")
    press(page, "1")
    wait_saved(page)
    assert Annotation.objects.get().seconds < 30


def test_a_refusal_goes_when_one_has_read_it_and_goes_on(open_page, page):
    page.clock.install()
    open_page()
    page.expected = re.compile("status of 422")
    refusal = {"status": 422, "content_type": "application/json", "body": json.dumps({"error": "That label is gone."})}
    page.route("**/label/answer/", lambda route: route.fulfill(**refusal), times=1)
    press(page, "1")
    page.get_by_role("alert").wait_for()
    press(page, "2")
    assert page.get_by_role("alert").inner_text().endswith("That label is gone.")
    page.clock.fast_forward(11_000)
    press(page, "2")
    assert page.locator("#refusal").count() == 0

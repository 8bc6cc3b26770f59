"""What a screen reader is told: it hands the keys on in a field, and speaks what others see."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.annotation.acts import rank
from tests.browser.labelling.hand import press, shown

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_text_is_a_field_that_cannot_be_written_in_so_that_keys_reach_the_page(open_page):
    page = open_page()
    field = page.get_by_role("textbox", name="The text")
    expect(field).to_be_focused()
    expect(field).to_have_text(shown(page))
    assert field.get_attribute("aria-readonly") == "true"
    assert field.get_attribute("aria-describedby") == "reason"
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("With a screen reader")


def test_the_suggestion_is_spoken_before_the_text(open_page, project, texts, monkeypatch):
    monkeypatch.setattr("labeller.learning.receivers.selectors.queue_is_kept", lambda: True)
    project.audit = False
    project.save()
    change, court, _ = project.labels.all()
    rank(project, texts, prediction={str(change.pk): 0.91, str(court.pk): 0.09}, model_key="quick")
    page = open_page()
    press(page, "2")
    expect(page.locator("#live")).to_have_text(f"Court. The model suggests: Change 91 %. {shown(page)}")

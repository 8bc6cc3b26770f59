"""The labelling page in German: what it says while somebody labels."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.labelling.hand import current, press, wait_saved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def context(context, live_server):
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "de", "url": live_server.url}])
    return context


def test_a_text_is_labelled_skipped_taken_back_and_found_again(open_page, live_server, project):
    page = open_page()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#reason")).to_have_text(re.compile("Zufällig gezogen|In zufälliger Reihenfolge"))
    answered = press(page, "1")
    wait_saved(page)
    expect(page.locator("#save")).to_have_text("✓ Gespeichert")
    expect(page.locator("#far")).to_have_text("Zusammen gelabelt: 1 von 30 Texten")
    press(page, "s")
    expect(page.locator("#last .said").first).to_have_text("übersprungen")
    press(page, "z")
    expect(page.locator("#live")).to_contain_text("Rückgängig gemacht.")
    wait_saved(page)
    assert current() == {answered: ("labelled", ["Change"], "")}
    page.keyboard.press("?")
    expect(page.locator("dialog#keys h2")).to_have_text("Tasten")
    page.goto(live_server.url + reverse("answers", args=[project.slug]))
    expect(page.locator(".past-answers")).to_have_text("1 Antwort")


def test_offline_it_says_what_is_kept(open_page, context):
    page = open_page()
    context.set_offline(True)
    press(page, "2")
    expect(page.locator("#save")).to_have_text("Offline: 1 Antwort ist hier aufbewahrt, bis das Netz zurück ist")
    context.set_offline(False)
    wait_saved(page)


def test_texts_in_another_language_are_marked_as_such_also_those_that_the_script_draws(open_page, project):
    project.language, project.guidelines = "en", "Read the clause to its end."
    project.save()
    page = open_page()
    expect(page.locator("#text")).to_have_attribute("lang", "en")
    press(page, "1")
    expect(page.locator("#text")).to_have_attribute("lang", "en")
    expect(page.locator("#last .head:lang(en)")).to_have_count(1)
    expect(page.locator("#last .said:lang(de)")).to_have_count(1)
    expect(page.locator(".guidelines .prose:lang(en)")).to_have_count(1)
    wait_saved(page)

"""Which words moved the suggestion, in a real browser: asked for by key, marked in the text, gone with the next one."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from labeller.annotation.moved_words import MovedWords
from labeller.learning import reading_child, tasks
from labeller.learning.bridges.pool import pretrained_folder
from tests.annotation.acts import rank
from tests.learning.scene import annotate, fill, read, refit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXT = "The competent court for all claims is that of our seat."


@pytest.fixture(scope="module", autouse=True)
def the_child():
    """Started before the first wish: on a busy machine loading torch takes longer than a page waits."""
    reading_child.read_now(pretrained_folder("all-MiniLM-L6-v2"), ["Ready."])
    yield
    reading_child.end()


@pytest.fixture
def taught(project, alice, bob, monkeypatch):
    """A quick model of three kinds; three texts wait, each with its suggestion."""
    monkeypatch.setattr("labeller.learning.receivers.selectors.queue_is_kept", lambda: True)
    project.audit = False
    project.save()
    documents = fill(project)
    waiting = [text for text in documents if text.text == TEXT] + [text for text in documents[-3:] if text.text != TEXT]
    for document in documents:
        if document not in waiting:
            annotate(document, alice)
    read(project)
    refit(project)
    project.queue.all().delete()
    court, other = project.labels.get(name="Court"), project.labels.get(name="Other")
    rank(project, waiting, prediction={str(court.pk): 0.9, str(other.pk): 0.1}, model_key="quick")
    return waiting


@pytest.fixture
def page(browser, live_server, client_of, bob, project, taught):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    cookie = client_of(bob).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + reverse("label", args=[project.slug]))
    expect(page.locator("#text")).to_have_text(TEXT)
    yield page
    context.close()


def the_worker_answers(page) -> None:
    """The page has asked: its row is there. Do what a worker does with it."""
    with page.expect_response(lambda response: response.url.endswith("/label/words/")):
        page.keyboard.press("w")
    expect(page.locator("#words-told")).to_have_text(re.compile("Asking the model"))
    tasks.find_words(MovedWords.objects.get(state="waiting").pk)


def test_w_marks_the_words_and_w_takes_the_marks_away(page):
    the_worker_answers(page)
    expect(page.locator("#text mark").first).to_be_visible(timeout=30_000)
    assert "court" in page.locator("#text mark").all_text_contents()
    expect(page.locator("#text")).to_have_text(TEXT)  # the text itself is as it was
    expect(page.locator("#words-told")).to_have_text(re.compile("without these words “Court” would be less likely"))
    expect(page.locator("#live")).to_have_text(re.compile("Words that spoke for Court: .*court"))
    page.keyboard.press("w")
    expect(page.locator("#text mark")).to_have_count(0)


def test_the_next_text_comes_without_marks(page):
    the_worker_answers(page)
    expect(page.locator("#text mark").first).to_be_visible(timeout=30_000)
    page.keyboard.press("1")
    expect(page.locator("#text")).not_to_have_text(TEXT)
    expect(page.locator("#text mark")).to_have_count(0)
    expect(page.locator("#words-told")).to_have_text("")


def test_a_failure_is_told_where_one_looks_and_pressing_again_asks_again(page):
    with page.expect_response(lambda response: response.url.endswith("/label/words/")):
        page.locator("#words-button").click()
    MovedWords.objects.update(state="failed", reason="No stored model knows this label yet.")
    expect(page.locator("#words-told")).to_have_text("No stored model knows this label yet.")
    the_worker_answers(page)
    expect(page.locator("#text mark").first).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_marks_can_be_read_at_any_width_in_any_light(page, scheme, width, tmp_path):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    the_worker_answers(page)
    expect(page.locator("#text mark").first).to_be_visible(timeout=30_000)
    page.screenshot(path=tmp_path / f"words-{scheme}-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

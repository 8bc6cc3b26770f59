"""What the others do meanwhile, and the end of the pool."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from labeller.annotation.services import answer, serve
from tests.browser.labelling.hand import current, past_bouncing, press, wait_saved

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def somebody_answers(project, person, count: int) -> None:
    labels = [project.labels.first().pk]
    for served in serve(project=project, annotator=person, count=count):
        answer(
            project=project, annotator=person, lease_key=served.key, key=uuid4(), status="labelled", label_ids=labels
        )


def test_every_tenth_answer_brings_what_the_others_did(open_page, project, alice):
    page = open_page()
    somebody_answers(project, alice, 3)
    for _ in range(10):
        press(page, "1")
        wait_saved(page)
    expect(page.locator("#far")).to_have_text("13 of 30 texts labelled by all")


def test_the_end_is_told_with_the_others_answers(open_page, project, texts, alice):
    project.documents.filter(pk__in=[text.pk for text in texts[6:]]).delete()
    page = open_page()
    somebody_answers(project, alice, 1)
    for _ in range(4):
        press(page, "1")
    past_bouncing(page)
    page.keyboard.press("1")
    page.wait_for_selector("#done-all", state="visible")
    expect(page.locator("#far")).to_have_text("6 of 6 texts labelled by all")


def test_when_the_texts_run_out_the_page_says_so(open_page, project, texts):
    page = open_page()
    for _ in range(len(texts) - 1):
        press(page, "1")
    past_bouncing(page)
    page.keyboard.press("1")
    page.wait_for_selector("#done-all", state="visible")
    wait_saved(page)
    assert len(current()) == len(texts)

"""The proposal of a better language model in a real browser: it fits, says nothing to the console, and is taken."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from labeller.learning.models import EncoderCheck
from labeller.projects.models import Project, User
from tests.browser import shots
from tests.browser.walker import Walker
from tests.cast import PASSWORD, add_texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CURRENT, OTHER = "all-MiniLM-L6-v2", "multilingual-e5-small"
SCORES = [
    {"encoder": OTHER, "score": 0.9, "right": 54, "only_this": 14, "only_current": 2, "p": 0.0021},
    {"encoder": "legal-bert", "score": 0.72, "right": 43, "only_this": 6, "only_current": 5, "p": 0.388},
    {"encoder": CURRENT, "score": 0.7, "right": 42, "only_this": 0, "only_current": 0, "p": None},
]


@pytest.fixture
def proposed(project: Project, alice: User, settings: Settings) -> EncoderCheck:
    settings.ENCODERS = settings.ENCODERS | {OTHER: "/srv/e5", "legal-bert": "/srv/legal"}
    add_texts(project, ["We may change these terms.", "Courts of Berlin"])
    scores = [score | {"texts_per_second": 90.0 * at} for at, score in enumerate(SCORES, start=1)]
    facts = {"texts": 60, "taught": 204, "measure": "accuracy", "current": CURRENT, "proposed": OTHER, "failed": {}}
    return EncoderCheck.objects.create(
        project=project, current=CURRENT, proposed=OTHER, n_labels=204, result=facts | {"scores": scores}
    )


def test_the_proposal_fits_every_window_and_is_taken_with_one_press(
    browser: Any, live_server: LiveServer, project: Project, proposed: EncoderCheck
) -> None:
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    page = walker.page
    page.goto(live_server.url + reverse("project", args=[project.slug]))
    for size in shots.SIZES.values():
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
    shots.take(page, "encoder-check", whole=True)
    page.get_by_role("button", name=f"Change to {OTHER}").click()
    page.get_by_text(f"{CURRENT} goes on ordering the queue").wait_for()
    project.refresh_from_db()
    assert project.encoder == OTHER
    assert page.get_by_role("button", name=f"Change to {OTHER}").count() == 0
    assert walker.complaints == []

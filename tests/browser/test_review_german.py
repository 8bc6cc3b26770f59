"""Review, agreement, gold and changed labels in German: decided by key, whole on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.annotation.gold import make_answers_gold
from labeller.annotation.label_changes import look_again
from labeller.annotation.models import Annotation, Source
from labeller.projects.models import Project, User
from tests.browser import shots
from tests.browser.test_review import measured, sign_in  # noqa: F401  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def german(
    browser: Any,
    live_server: LiveServer,
    measured: Project,  # noqa: F811
) -> Iterator[Any]:
    """Alice's page in a browser that asks for German."""
    signed_in = sign_in(browser, live_server, "alice")
    context = browser.new_context(
        locale="de-DE", storage_state=signed_in.context.storage_state(), viewport=shots.SIZES["1280"]
    )
    yield context.new_page()
    context.close()


def test_a_text_is_decided_by_key_in_german(
    german: Any,
    live_server: LiveServer,
    measured: Project,  # noqa: F811
) -> None:
    german.goto(live_server.url + reverse("review", args=[measured.slug]))
    german.get_by_role("heading", name="Was gesagt wurde").wait_for()
    shots.take(german, "de-review", whole=True)
    german.keyboard.press("2")
    german.keyboard.press("Enter")
    german.get_by_text("Entschieden:").wait_for()
    german.get_by_role("link", name="Entschieden 1").click()
    german.get_by_role("heading", name="Entschiedene Texte").wait_for()
    shots.take(german, "de-decided", whole=True)
    decision = Annotation.objects.get(source=Source.REVIEW)
    assert decision.reason == "People gave it different labels"  # what is stored stays as it was said


def test_the_pages_beside_it_fit_in_german(
    german: Any,
    live_server: LiveServer,
    measured: Project,  # noqa: F811
    alice: User,
) -> None:
    make_answers_gold(project=measured, by=alice, document_ids=measured.documents.values_list("pk", flat=True)[:3])
    label = measured.labels.all()[0]
    look_again(project=measured, label=label, by=alice)
    pages = [
        *(("review", query, []) for query in ("?of=doubts", "?of=unsure", "?of=disagreements")),
        *((name, "", []) for name in ("gold", "gold-accuracy", "results-agreement", "results-machine")),
        *((name, "", []) for name in ("label-changes", "label-merge", "results-effort")),
        ("label-split", "", [label.pk]),
    ]
    for name, query, more in pages:
        german.goto(live_server.url + reverse(name, args=[measured.slug, *more]) + query)
        for size in shots.SIZES.values():
            german.set_viewport_size(size)
            assert german.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, size)
        shots.take(german, f"de-{name}{query[4:]}", whole=True)

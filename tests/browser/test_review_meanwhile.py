"""Two managers have the same text open: what the first of them does is never replaced unread by the second."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.annotation.models import Annotation, Dismissal, Source
from labeller.projects.models import Project, Role, User
from tests.annotation.review.acts import say
from tests.browser import shots
from tests.browser.walker import Walker
from tests.cast import PASSWORD, join, make_user
from tests.insight.agreeing import answer_alike

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_review(browser: Any, live_server: LiveServer, project: Project, alice: User, bob: User) -> Any:
    """Three texts on which two people differ; carol manages too."""
    join(project, make_user("carol"), Role.MANAGER)
    project.guidelines = "**Court**: says where disputes are heard."
    project.save()
    answer_alike(project, [alice, bob], texts=3, alike=0.0)

    def opened(name: str) -> Walker:
        walker = Walker(browser, live_server.url)
        walker.sign_in(name, PASSWORD)
        walker.page.goto(live_server.url + reverse("review", args=[project.slug]))
        return walker

    return opened


def decisions(project: Project) -> dict[str, list[str]]:
    """Who decided which labels, of what stands."""
    rows = Annotation.objects.filter(project=project, source=Source.REVIEW, superseded_at=None)
    return {row.annotator.username: [label.name for label in row.labels.all()] for row in rows}


def unexpected(walker: Walker) -> list[str]:
    """A stale form is answered with 409, which the browser tells of."""
    return [complaint for complaint in walker.complaints if "409" not in complaint]


def test_a_stale_decision_is_shown_beside_the_other_and_the_person_chooses(open_review: Any, project: Project) -> None:
    alice, carol = open_review("alice"), open_review("carol")
    carol.page.keyboard.press("2")
    carol.page.get_by_text("Say why").click()
    carol.page.get_by_label("Why, kept").fill("It names a court.")
    carol.page.get_by_role("button", name="Decide").click()
    carol.page.get_by_role("link", name="Decided 1").wait_for()

    page = alice.page
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    told = page.get_by_role("alert")
    told.get_by_role("heading", name="Decided meanwhile").wait_for()
    for words in ("Decided by carol", "Court", "It names a court.", "You chose", "Change"):
        assert words in told.inner_text()
    assert page.get_by_role("radio", name="Change").is_checked()
    page.wait_for_load_state("load")
    page.keyboard.press("Enter")  # the same key once more chooses nothing
    assert decisions(project) == {"carol": ["Court"]}
    shots.take(page, "review-meanwhile", whole=True)
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    told.get_by_role("button", name="Decide as I chose").click()
    page.get_by_role("link", name="Disagreements 2").wait_for()
    assert decisions(project) == {"alice": ["Change"]} and unexpected(alice) == [] and carol.complaints == []


def test_a_text_decided_meanwhile_is_not_left_as_it_is(open_review: Any, project: Project) -> None:
    alice, carol = open_review("alice"), open_review("carol")
    carol.page.keyboard.press("2")
    carol.page.keyboard.press("Enter")
    carol.page.get_by_role("link", name="Decided 1").wait_for()
    page = alice.page
    page.keyboard.press("k")
    page.get_by_role("alert").get_by_text("To leave it as it is").wait_for()
    shots.take(page, "review-meanwhile-left", whole=True)
    page.get_by_role("link", name="Let it stand and go on").click()
    page.get_by_text("1 of 2").wait_for()
    assert decisions(project) == {"carol": ["Court"]} and unexpected(alice) == []


def test_a_text_answered_meanwhile_is_left_as_it_is_only_by_a_button(open_review: Any, project: Project) -> None:
    page = open_review("alice").page
    text = page.locator("#text").inner_text()
    document = project.documents.get(text=text)
    say(document, User.objects.get(username="carol"), project.labels.last(), comment="Look at page 4.")
    page.keyboard.press("k")
    told = page.get_by_role("alert")
    told.get_by_role("heading", name="Answered meanwhile").wait_for()
    assert "carol" in told.inner_text() and "Look at page 4." in told.inner_text()
    page.wait_for_load_state("load")
    page.keyboard.press("k")  # the same key once more chooses nothing
    shots.take(page, "review-answered-meanwhile", whole=True)
    assert not Dismissal.objects.exists()
    told.get_by_role("button", name="Leave it as it is all the same").click()
    page.get_by_text("Left as it is:").wait_for()
    assert Dismissal.objects.get().document == document
    page.wait_for_load_state("load")
    page.keyboard.press("z")
    page.get_by_role("button", name="Leave as it is").wait_for()
    assert page.locator("#text").inner_text() == text and not Dismissal.objects.exists()

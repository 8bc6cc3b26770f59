"""A manager asks two people and chooses gold texts; two annotators meet them; each sees their own figure. In a real
browser, by keyboard where it matters."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.annotation.models import Annotation, GoldText, Source
from labeller.projects.models import Project, User
from tests.annotation.acts import give, one
from tests.browser.shots import take
from tests.browser.walker import Walker
from tests.cast import PASSWORD, add_texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = " The parties agree that this clause prevails over any other understanding, written or oral." * 6


def sign_in(browser: Any, live_server: LiveServer, name: str) -> Walker:
    walker = Walker(browser, live_server.url)
    walker.sign_in(name, PASSWORD)
    return walker


@pytest.fixture
def begun(project: Project, alice: User) -> Project:
    """Eighty texts, of which Alice has labelled ten."""
    texts = [
        f"{number}. Disputes are heard by the court at our seat.{LONG * (number % 9 == 0)}" for number in range(80)
    ]
    add_texts(project, texts)
    labels = list(project.labels.all())
    for number in range(10):
        give(project, alice, one(project, alice), labels[number % 3])
    return project


def test_from_the_setting_to_ones_own_figure(browser: Any, live_server: LiveServer, begun: Project, bob: User) -> None:
    manager = sign_in(browser, live_server, "alice")
    ask_two(manager, live_server, begun)
    choose_gold(manager, live_server, begun)
    annotator = sign_in(browser, live_server, "bob")
    page = annotator.page
    page.goto(live_server.url + reverse("project", args=[begun.slug]))
    page.get_by_text(
        "Two people answer 20 % of the texts drawn at random, one the others; blind to each other."
    ).wait_for()
    annotator.go("Label")
    for _ in range(30):
        assert "gold" not in page.locator("main").inner_text().lower()
        page.keyboard.press("1")
        page.wait_for_timeout(160)  # a hand needs as long; sooner, the page takes it for a bouncing key
    page.wait_for_function("document.getElementById('save').dataset.state === 'saved'")
    met = Annotation.objects.filter(source=Source.GOLD, annotator=bob).count()
    assert met >= 2
    page.goto(live_server.url + reverse("project", args=[begun.slug]))
    page.get_by_role("link", name="How you answered gold texts").click()
    page.get_by_role("heading", name="How you answered gold texts").wait_for()
    assert f"of {met}" in page.locator("table.accuracy").inner_text()
    take(page, "gold-mine", whole=True)
    manager.page.goto(live_server.url + reverse("gold", args=[begun.slug]))
    manager.page.get_by_role("link", name="How people answered them").click()
    manager.page.locator("table.accuracy th", has_text="bob").wait_for()
    take(manager.page, "gold-all", whole=True)
    manager.page.get_by_role("link", name="The gold texts").click()
    manager.page.get_by_role("button", name="Take back").first.click()
    manager.page.get_by_text("That text is an ordinary one again.").wait_for()
    assert manager.complaints == annotator.complaints == []


def ask_two(manager: Walker, live_server: LiveServer, project: Project) -> None:
    page = manager.page
    page.goto(live_server.url + reverse("project-settings", args=[project.slug]))
    page.get_by_label("People who answer the same text").fill("2")
    page.get_by_label("A share of the texts drawn at random").check()
    page.get_by_label("The share, in per cent").fill("20")
    take(page, "team-settings", whole=True)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()


def choose_gold(manager: Walker, live_server: LiveServer, project: Project) -> None:
    """Six labelled texts, ticked by the space bar; those of the audit's reserve wait until they are drawn."""
    page = manager.page
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Gold").click()
    page.get_by_text("None yet. Choose some below").wait_for()
    take(page, "gold-empty", whole=True)
    boxes = page.locator(".offered input")
    for number in range(8):
        boxes.nth(number).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Make the ticked ones gold").click()
    page.get_by_text("8 texts are gold now.").wait_for()
    page.get_by_label("Share of gold in what each person is served").fill("40")
    page.locator("form", has=page.get_by_label("Share of gold")).get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    assert GoldText.objects.count() == 8
    take(page, "gold", whole=True)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["gold", "gold-accuracy", "project-settings"])
def test_nothing_is_wider_than_the_window(
    browser: Any, live_server: LiveServer, begun: Project, width: int, name: str
) -> None:
    walker = sign_in(browser, live_server, "alice")
    walker.page.set_viewport_size({"width": width, "height": 844})
    walker.page.goto(live_server.url + reverse(name, args=[begun.slug]))
    assert walker.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

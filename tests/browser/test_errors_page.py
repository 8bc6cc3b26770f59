"""Where a model errs, in a real browser: from the sentence over the matrix to a text, by keyboard, on a phone too."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.projects.models import Project, User
from tests.browser.shots import take
from tests.browser.walker import Walker
from tests.cast import PASSWORD, make_project
from tests.insight.scored import answered
from tests.learning.scene import KINDS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADDENDUM = " The parties agree that this clause prevails over any other understanding, written or oral." * 4


@pytest.fixture
def judged(project: Project) -> Project:
    """Sixty audit texts of three kinds, one of them long; courts are taken for changes now and then."""
    call_command("build_charts", verbosity=0)
    gold = [kind for kind, texts in KINDS.items() for _ in texts] * 2
    texts = [text for texts in KINDS.values() for text in texts]
    texts = [*texts, *(f"{text}{ADDENDUM}" for text in texts)]
    said = ["Change" if kind == "Court" and at % 4 == 0 else kind for at, kind in enumerate(gold)]
    answered(project, texts, gold, said)
    for at, text in enumerate(project.documents.order_by("id")):
        text.metadata = {"country": ("Norway", "Italy", "Ireland")[at % 7 % 3], "year": 2004 + at % 17}
        text.save()
    return project


def sign_in(browser: Any, live_server: LiveServer, name: str) -> Walker:
    walker = Walker(browser, live_server.url)
    walker.sign_in(name, PASSWORD)
    return walker


def test_from_the_sentence_to_one_text_and_back(browser: Any, live_server: LiveServer, judged: Project) -> None:
    walker = sign_in(browser, live_server, "alice")
    page = walker.page
    page.goto(live_server.url + reverse("results", args=[judged.slug]))
    walker.go_to_part("Errors")
    assert page.locator("h1").inner_text() == "Model 1 is wrong on 5 of 60 audit texts."
    page.wait_for_selector("figure[data-drawn] svg")
    take(page, "errors", whole=True)
    cell = page.get_by_role("link", name="5 texts: Court taken for Change")
    cell.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Court, taken for Change").wait_for()
    take(page, "errors-texts", whole=True)
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".texts details[open] .read").first.is_visible()
    page.get_by_role("link", name="Open this text").first.click()
    page.get_by_role("heading", name="What models said of it").wait_for()
    take(page, "errors-text", whole=True)
    page.get_by_role("link", name="Back to the errors").click()
    page.get_by_label("By", exact=True).select_option("country")
    page.locator("form[action='#slices'] button").click()
    page.locator("#slice-table th", has_text="Norway").wait_for()
    assert walker.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser: Any, live_server: LiveServer, judged: Project, width: int) -> None:
    walker = sign_in(browser, live_server, "alice")
    walker.page.set_viewport_size({"width": width, "height": 844})
    walker.page.goto(live_server.url + reverse("results-errors", args=[judged.slug]))
    walker.page.wait_for_selector("figure[data-drawn] svg")
    assert walker.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    drawn = walker.page.locator("figure svg").bounding_box()
    kept = walker.page.locator("figure .canvas").bounding_box()
    assert drawn["width"] <= kept["width"] + 1 and drawn["height"] <= kept["height"] == 330


def test_numbers_stay_readable_on_every_shade(browser: Any, live_server: LiveServer, judged: Project) -> None:
    walker = sign_in(browser, live_server, "alice")
    for scheme in ("light", "dark"):
        walker.page.emulate_media(color_scheme=scheme)
        walker.page.goto(live_server.url + reverse("results-errors", args=[judged.slug]))
        assert min(walker.page.evaluate(CONTRASTS)) >= 4.5


def test_many_labels_and_several_a_text_fit(browser: Any, live_server: LiveServer, alice: User) -> None:
    many = make_project(labels=[f"Intent of the customer number {at}" for at in range(77)], name="Intents")
    multi = make_project(kind="multi", name="Clauses")
    for project in (many, multi):
        project.memberships.create(user=alice, role="manager")
    gold = [f"Intent of the customer number {at % 70}" for at in range(140)]
    answered(many, [f"Text {at}." for at in range(140)], gold, [*gold[20:40], *gold[20:]], sure=0.8)
    answered(
        multi, [f"Clause {at}." for at in range(60)], ["Change+Court", "", "Court"] * 20, ["Court", "", "Court"] * 20
    )
    walker = sign_in(browser, live_server, "alice")
    for project in (many, multi):
        walker.page.goto(live_server.url + reverse("results-errors", args=[project.slug]))
        take(walker.page, f"errors-{project.slug}", whole=True)
        walker.page.set_viewport_size({"width": 390, "height": 844})
        assert walker.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert walker.complaints == []


CONTRASTS = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const part = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const table = document.getElementById("confusion");
  return ["right", "wrong"].flatMap((kind) => [0, 1, 2, 3, 4, 5].map((step) => {
    const cell = table.querySelector("tbody td:has(a)");
    cell.className = `${kind} shade-${step}`;
    const ground = getComputedStyle(step ? cell : document.querySelector(".card")).backgroundColor;
    const [a, b] = [light(getComputedStyle(cell.firstElementChild).color), light(ground)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
}"""

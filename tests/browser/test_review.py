"""Two people answer the same texts, differ, and a manager decides: by keyboard, on a phone, and without a script."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.annotation.doubts import LabelDoubt
from labeller.annotation.models import Annotation, Source
from labeller.annotation.selectors import current_labels
from labeller.projects.models import Project, User
from tests.browser import shots
from tests.browser.walker import Walker
from tests.cast import PASSWORD, add_texts, join, make_user
from tests.insight.agreeing import add_agreement, answer_alike
from tests.insight.scored import add_version

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXTS = [
    "We may revise the fees at any time; the courts of our seat decide on every dispute about them.",
    "Your basket keeps its goods for thirty days.",
    "Any lawsuit must be filed in the courts of Dublin.",
]


def sign_in(browser: Any, live_server: LiveServer, name: str) -> Walker:
    walker = Walker(browser, live_server.url)
    walker.sign_in(name, PASSWORD)
    return walker


def label_all(walker: Walker, project: Project, keys: dict[str, str]) -> None:
    """Answer every text by the key that belongs to it."""
    page = walker.page
    page.goto(walker.address + reverse("label", args=[project.slug]))
    for left in range(len(keys), 0, -1):
        shown = page.locator("#text").inner_text()
        page.keyboard.press(keys[shown])
        page.wait_for_function("was => document.querySelector('#text')?.textContent !== was", arg=shown)
        assert left
    page.wait_for_function("() => document.querySelector('#save').dataset.state === 'saved'")


def test_two_people_differ_and_a_manager_decides(
    browser: Any, live_server: LiveServer, project: Project, alice: User
) -> None:
    join(project, make_user("carol"))
    project.overlap, project.audit = 2, False
    project.guidelines = "**Change**: the terms may change.\n\n**Court**: says where disputes are heard."
    project.save()
    add_texts(project, TEXTS)
    label_all(sign_in(browser, live_server, "bob"), project, dict(zip(TEXTS, "132", strict=True)))
    label_all(sign_in(browser, live_server, "carol"), project, dict(zip(TEXTS, "231", strict=True)))
    assert Annotation.objects.count() == 6

    walker = sign_in(browser, live_server, "alice")
    page = walker.page
    page.goto(live_server.url + reverse("project", args=[project.slug]))
    walker.go("Review")
    tab = page.get_by_role("navigation", name="Review").get_by_role("link", name="Disagreements 2")
    assert tab.get_attribute("aria-current") == "page"
    first = page.locator("#text").inner_text()
    assert page.locator(".side").count() == 2 and "bob" in page.locator(".sides").inner_text()
    page.keyboard.press("s")
    see(page, "2 of 2")
    second = page.locator("#text").inner_text()
    page.keyboard.press("2")
    assert page.get_by_role("radio", name="Court").is_checked()
    shots.take(page, "review", whole=True)
    page.keyboard.press("Enter")
    see(page, "1 of 1")
    assert page.locator("#text").inner_text() == first and page.locator("#undo").is_visible()
    court = project.labels.get(name="Court").pk
    assert {row.label_ids for row in current_labels(project) if row.document_id == id_of(project, second)} == {(court,)}

    page.keyboard.press("z")
    see(page, "One text of the project")
    assert page.locator("#text").inner_text() == second
    for left in (1, 0):
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        page.get_by_role("link", name=f"Disagreements {left}").wait_for()
        page.wait_for_load_state("load")
    page.get_by_role("heading", name="Nothing to decide here.").wait_for()
    assert Annotation.objects.filter(source=Source.REVIEW, superseded_at=None).count() == 2
    page.get_by_role("link", name="Decided 2").click()
    page.locator("#decided tbody a").first.click()
    page.get_by_role("heading", name="Decided: Change").wait_for()
    page.get_by_role("button", name="Take the decision back").click()
    page.get_by_role("link", name="Decided 1").wait_for()
    assert walker.complaints == []


def see(page: Any, words: str) -> None:
    """The page with these words, and its keys at work."""
    page.get_by_text(words).wait_for()
    page.wait_for_load_state("load")


def id_of(project: Project, text: str) -> int:
    return project.documents.get(text=text).pk


@pytest.fixture
def measured(project: Project, alice: User, bob: User) -> Project:
    """Three people, 40 texts drawn at random and 60 others, two models, and six labels that a model doubts."""
    call_command("build_charts", verbosity=0)
    carol = make_user("carol")
    join(project, carol)
    answer_alike(project, [alice, bob, carol], texts=40, alike=0.85, source=Source.AUDIT)
    answer_alike(project, [alice, bob, carol], texts=60, alike=0.8)
    add_agreement(project)
    for labels, right in ((60, 0.6), (90, 0.68), (130, 0.72)):
        add_version(project, n_labels=labels, n_audit=40, right=right)
    ids = list(project.labels.values_list("pk", flat=True))
    for at, answer in enumerate(Annotation.objects.filter(annotator=alice).order_by("-pk")[:6]):
        answer.comment = "Could be both, could it not?" if at == 0 else ""
        answer.save()
        newest = Annotation.objects.filter(document=answer.document).latest("pk").pk
        LabelDoubt.objects.create(
            project=project,
            document=answer.document,
            score=0.95 - at / 20,
            given=ids[:1],
            suggested=ids[1:2],
            prediction={str(ids[1]): 0.9 - at / 20, str(ids[0]): 0.07, str(ids[2]): 0.03},
            model_key="quick-x-100",
            answers_until=newest,
        )
    return project


def test_the_manager_reads_how_far_people_agree_and_sees_it_on_the_curve(
    browser: Any, live_server: LiveServer, measured: Project
) -> None:
    walker = sign_in(browser, live_server, "alice")
    page = walker.page
    page.goto(live_server.url + reverse("results", args=[measured.slug]))
    page.wait_for_selector("#curve[data-drawn] svg")
    assert page.locator("#curve-canvas").get_by_text("people", exact=True).count() == 1
    assert page.locator("[data-line=people]").is_visible()
    shots.take(page, "results-ceiling")
    page.get_by_label("People", exact=True).uncheck()
    page.locator("#curve-canvas").get_by_text("people", exact=True).wait_for(state="detached")
    walker.go_to_part("Agreement")
    page.get_by_role("heading", name="Two people agree on").wait_for()
    shots.take(page, "agreement", whole=True)
    for name, path in (("agreement", "results-agreement"), ("doubts", "review")):
        page.goto(live_server.url + reverse(path, args=[measured.slug]) + ("?of=doubts" if name == "doubts" else ""))
        for size in shots.SIZES.values():
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, size)
        page.set_viewport_size(shots.WIDE)
    page.get_by_text("a model would say").wait_for()
    shots.take(page, "review-doubts", whole=True)
    page.keyboard.press("k")
    page.get_by_text("Left as it is:").wait_for()
    page.get_by_role("link", name="Suspected errors 5").wait_for()
    page.wait_for_load_state("load")
    page.keyboard.press("z")
    page.get_by_role("link", name="Suspected errors 6").wait_for()
    page.get_by_role("button", name="Weigh them now").click()
    page.get_by_text("Weighing the answers").first.wait_for()
    assert walker.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of(
    browser: Any, live_server: LiveServer, measured: Project, scheme: str
) -> None:
    walker = sign_in(browser, live_server, "alice")
    page = walker.page
    page.emulate_media(color_scheme=scheme)
    for path, query in (("review", "?of=disagreements"), ("review", "?of=decided"), ("results-agreement", "")):
        page.goto(live_server.url + reverse(path, args=[measured.slug]) + query)
        found = Axe().run(page).response["violations"]
        assert [(path, each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_without_a_script_every_control_is_a_form_or_a_link(
    browser: Any, live_server: LiveServer, measured: Project
) -> None:
    walker = sign_in(browser, live_server, "alice")
    context = browser.new_context(java_script_enabled=False, storage_state=walker.context.storage_state())
    page = context.new_page()
    page.goto(live_server.url + reverse("review", args=[measured.slug]))
    page.get_by_label("Court").check()
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("Decided:").wait_for()
    page.get_by_role("button", name="Undo").click()
    assert not Annotation.objects.filter(source=Source.REVIEW, superseded_at=None).exists()
    page.get_by_role("link", name="Suspected errors").click()
    page.get_by_role("link", name="Later").click()
    page.get_by_text("2 of 6").wait_for()
    context.close()

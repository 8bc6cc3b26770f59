"""What is seen, heard and touched: layout, live region, phone, mouse, long texts, no scripts."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from labeller.annotation.models import Lease
from tests.browser.labelling.hand import current, press, several, shown, wait_saved
from tests.browser.shots import take
from tests.cast import add_texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

OF = "const all = document.createRange(); all.selectNodeContents({part});"
LAST_LINE = f"() => {{ {OF.format(part='document.getElementById(`text`)')} return all.getBoundingClientRect().bottom }}"
LINES = f"(name) => {{ {OF.format(part='name')} return new Set([...all.getClientRects()].map((one) => one.y)).size }}"


def test_labels_stay_where_they_are_from_text_to_text(open_page, project):
    add_texts(project, ["A word.", "Many words " * 400])
    page = open_page()
    place = page.locator("#labels").bounding_box()
    for _ in range(6):
        press(page, "1")
        assert page.locator("#labels").bounding_box() == place


def test_every_control_is_on_the_screen_with_many_labels_and_a_long_text_fades_where_it_goes_on(open_page, bob):
    project = several(bob, count=29)
    project.documents.all().delete()
    add_texts(project, ["Many words " * 400])
    page = open_page(project)
    for control in page.locator(".controls button:visible, .controls summary").all():
        box = control.bounding_box()
        assert box["y"] + box["height"] <= 800, control.text_content()
    frame = page.locator("#frame")
    expect(frame).to_have_class(re.compile(r"\bmore\b"))
    for _ in range(60):
        page.keyboard.press("j")
    expect(frame).not_to_have_class(re.compile(r"\bmore\b"))
    page.keyboard.press("k")
    expect(frame).to_have_class(re.compile(r"\bmore\b"))


def test_the_labels_stand_right_below_short_texts_and_far_below_long_ones(open_page, project):
    page = open_page()
    assert page.locator("#frame").bounding_box()["height"] < 220
    project.documents.all().delete()
    add_texts(project, [f"{number} " + "Many words " * 400 for number in range(5)])
    assert open_page().locator("#frame").bounding_box()["height"] > 400


def test_a_comment_moves_no_label_and_leaves_the_text_readable(open_page, project):
    project.documents.all().delete()
    add_texts(project, ["Many words " * 40, *("A word " * number for number in range(1, 9))])
    page = open_page()
    while not shown(page).startswith("Many"):
        press(page, "1")
    place = page.locator("#labels").bounding_box()
    page.keyboard.press("c")
    expect(page.locator("#comment")).to_be_focused()
    assert page.locator("#labels").bounding_box() == place
    page.locator("#frame").evaluate("frame => frame.scrollTo(0, frame.scrollHeight)")
    last_line = page.evaluate(LAST_LINE)
    assert last_line <= page.locator("#comment").bounding_box()["y"]


@pytest.mark.parametrize("size", [(1440, 900), (1280, 800)])
def test_the_guidelines_stand_beside_the_text_and_scroll_by_keyboard(open_page, page, project, size):
    project.guidelines = "\n\n".join(f"Rule {number}: read it all." for number in range(60))
    project.save()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_page()
    prose = page.locator(".guidelines .prose")
    assert prose.bounding_box()["y"] < size[1] / 2
    prose.focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('.guidelines .prose').scrollTop > 0")
    assert page.locator(".rare li").first.is_hidden()  # folded


def test_on_a_phone_no_label_is_broken_within_a_word(open_page, project):
    court = project.labels.get(name="Court")
    court.name = "Confidentiality"
    court.save()
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    name = page.locator(".choice .name", has_text="Confidentiality")
    lines = name.evaluate(LINES)
    assert lines == 1


def test_the_live_region_says_what_was_saved_and_the_next_text(open_page):
    page = open_page()
    press(page, "2")
    assert page.locator("#live").text_content() == f"Court. {shown(page)}"
    assert page.evaluate("document.activeElement.id") == "text"


def test_a_double_click_answers_one_text(open_page):
    page = open_page()
    answered = shown(page)
    page.get_by_role("button", name="Court").dblclick()
    wait_saved(page)
    assert current() == {answered: ("labelled", ["Court"], "")}


def test_on_a_phone_the_labels_are_at_the_thumb_and_large_enough(open_page, project):
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    for box in [button.bounding_box() for button in page.locator("#labels .choice").all()]:
        assert box["height"] >= 44 and box["y"] + box["height"] <= 844 and box["y"] > 422
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_the_guidelines_are_one_tap_away(open_page, project):
    project.guidelines = "Give **Change** when the terms may change."
    project.save()
    page = open_page()
    expect(page.locator("#guide-button")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#keys-button")).to_be_hidden()
    page.locator("#guide-button").click()
    expect(page.locator("dialog#guide")).to_contain_text("Give Change when the terms may change.")
    page.get_by_role("button", name="Back to the text").click()
    expect(page.locator("dialog#guide")).to_be_hidden()


def test_what_the_labels_mean_stands_with_the_guidelines_also_on_a_phone(open_page, project):
    project.labels.filter(name="Court").update(description="Where one may sue, and under which law.")
    page = open_page()
    expect(page.locator(".guidelines")).to_contain_text("Where one may sue, and under which law.")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#guide-button").click()
    expect(page.locator("dialog#guide dt")).to_have_text(["Court"])
    take(page, "label-meanings")


def test_it_works_without_scripts(browser, live_server, client_of, bob, project, texts):
    context = browser.new_context(java_script_enabled=False)
    cookie = client_of(bob).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + reverse("label", args=[project.slug]))
    expect(page.locator("#learning-status")).to_contain_text("No worker is running")
    first = shown(page)
    page.get_by_role("button", name="Change").click()
    second = shown(page)
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Undo").click()
    assert shown(page) == second
    assert current() == {first: ("labelled", ["Change"], "")}
    assert Lease.objects.filter(closed_at=None).count() >= 2
    context.close()


def test_a_project_with_labels_and_no_texts_says_what_to_do(page, live_server, project):
    """The fixture fails on any error of the page's script."""
    page.goto(live_server.url + reverse("label", args=[project.slug]), wait_until="networkidle")
    expect(page.get_by_role("heading", name="This project has no texts yet")).to_be_visible()
    assert page.locator("script[type=module]").count() == 0

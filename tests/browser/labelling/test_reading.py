"""Texts of every kind: long, right to left, with emoji, without a space; at 200 % and under a thumb."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from labeller.annotation import page as label_page
from tests.browser.labelling.hand import press, several, shown
from tests.browser.shots import take
from tests.cast import add_texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AGREED = "The parties agree that this clause prevails over any other. "
LONG = "\n\n".join(f"{number}. {AGREED * 4}" for number in range(40))


@pytest.fixture
def only(project, texts):
    """The pool is this one text."""

    def only(text: str) -> None:
        project.documents.all().delete()
        add_texts(project, [text])

    return only


def scrolled(page) -> float:
    return page.evaluate("document.getElementById('frame').scrollTop")


def test_a_long_text_is_scrolled_by_space_home_and_end_and_says_how_much_is_below(open_page, only):
    only(LONG)
    page = open_page()
    mark = page.locator("#frame")
    expect(mark).to_have_attribute("data-below", re.compile(r"^↓ \d\d % of the text below$"))
    take(page, "long-text")
    page.keyboard.press(" ")
    one = scrolled(page)
    page.keyboard.press("j")
    assert scrolled(page) > one > 0
    page.keyboard.press("Shift+Space")
    page.keyboard.press("k")
    assert scrolled(page) == 0
    page.keyboard.press("End")
    expect(mark).to_have_attribute("data-below", "")
    page.keyboard.press("Home")
    assert scrolled(page) == 0 and shown(page) == LONG


def test_on_a_phone_the_mark_stands_above_the_labels(open_page, only):
    only(LONG)
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    below = page.locator(".answering")
    expect(below).to_have_attribute("data-below", re.compile(r"^↓ \d\d % of the text below$"))
    page.keyboard.press("End")
    expect(below).to_have_attribute("data-below", "")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_text_with_a_telling_window_is_opened_there_and_its_start_is_one_press_away(
    open_page, only, monkeypatch, width
):
    text = "😀" * 10 + LONG
    start = text.index("20. The")
    as_ever = label_page.text_of
    monkeypatch.setattr(label_page, "text_of", lambda *of: as_ever(*of) | {"window": [start, start + 60]})
    only(text)
    page = open_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    expect(page.locator("#text")).to_have_attribute("data-window", f"{start}-{start + 60}")
    place = page.locator("#text span")
    assert place.inner_text().startswith("20. The parties") and shown(page) == text
    expect(place).to_be_in_viewport()
    button = page.get_by_role("button", name="Start of the text")
    expect(button).to_be_in_viewport()
    if width == 1280:
        take(page, "window")
    else:
        button.click()
        expect(button).to_be_hidden()
        assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("يجوز لنا تغيير هذه الشروط في أي وقت دون إشعار.", "rtl"),
        ("We may change these terms 👩‍⚖️ at any time 🇪🇺.", "ltr"),
        ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 8, "ltr"),
        ("<script>document.title = 'run'</script><img src=x onerror=alert(1)> &amp; <b>bold</b>", "ltr"),
    ],
    ids=["right to left", "emoji", "one long word", "HTML"],
)
def test_a_text_of_any_kind_is_shown_as_it_is_and_stays_in_its_frame(open_page, only, text, direction, request):
    only(text)
    page = open_page()
    assert shown(page) == text
    assert page.evaluate("getComputedStyle(document.getElementById('text')).direction") == direction
    assert page.evaluate("document.title") != "run" and page.locator("#text *").count() == 0
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("(f => f.scrollWidth <= f.clientWidth)(document.getElementById('frame'))")
    take(page, f"text-{request.node.callspec.id.rsplit('-')[-1].replace(' ', '-')}")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_paragraph_from_right_to_left_under_a_latin_heading_is_set_so(open_page, only, width):
    only("Clause 4 – Liability\n\nהחברה אינה אחראית לכל נזק (לרבות נזק עקיף).")
    page = open_page()
    page.set_viewport_size({"width": width, "height": 844})
    heading, clause, box = page.evaluate("""() => {
      const text = document.getElementById("text");
      const place = (from, to) => {
        const range = document.createRange();
        range.setStart(text.firstChild, from);
        range.setEnd(text.firstChild, to);
        const { left, right } = range.getBoundingClientRect();
        return [left, right];
      };
      const { left, right } = text.getBoundingClientRect();
      return [place(0, 20), place(22, text.textContent.length), [left, right]];
    }""")
    assert heading[0] - box[0] < 2 and box[1] - clause[1] < 2
    take(page, "right-to-left-under-latin")


def test_in_a_low_phone_the_text_keeps_room_beside_many_labels(open_page, bob):
    page = open_page(several(bob, count=9))
    for height, lines in ((640, 4), (844, 7)):
        page.set_viewport_size({"width": 360, "height": height})
        room = page.evaluate("""() => {
          const text = document.getElementById("text");
          const above = document.querySelector(".answering").getBoundingClientRect().top;
          return (above - text.getBoundingClientRect().top) / parseFloat(getComputedStyle(text).lineHeight);
        }""")
        assert room >= lines
    take(page, "low-phone")


def test_at_200_per_cent_every_label_and_control_can_be_reached_and_the_text_be_read(open_page, bob):
    page = open_page(several(bob, count=9))
    page.set_viewport_size({"width": 640, "height": 400})  # 1280 by 800, twice as large
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    text = page.locator("#text").bounding_box()
    lowest = page.evaluate("y => document.elementFromPoint(320, y).id", min(390, text["y"] + text["height"] - 4))
    assert lowest == "text", "no label covers it"
    for control in page.locator("#labels .choice, .controls button:visible, .controls summary").all():
        control.scroll_into_view_if_needed()
        expect(control).to_be_in_viewport(ratio=0.9)


def test_under_a_thumb_every_control_is_44_px_high(open_page, project):
    project.guidelines = "Give **Change** when the terms may change."
    project.save()
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    press(page, "1")
    kinds = ("button", "summary", "a", ".choice")
    for control in page.locator(", ".join(f"main {kind}:visible" for kind in kinds)).all():
        box = control.bounding_box()
        assert box["height"] >= 44, (control.evaluate("it => it.outerHTML"), box)

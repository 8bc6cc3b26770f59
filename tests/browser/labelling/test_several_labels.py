"""Texts that may have several labels, and projects with many labels."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from labeller.annotation.moved_words import MovedWords
from tests.annotation.acts import rank
from tests.browser.labelling.hand import TEXTS, current, past_bouncing, press, several, shown, wait_saved
from tests.cast import add_texts, join, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_several_labels_are_ticked_by_key_and_saved_by_enter_and_none_by_zero(open_page, bob):
    project = make_project("multi", name="Several")
    join(project, bob)
    add_texts(project, TEXTS)
    page = open_page(project)
    for key in "1232":
        past_bouncing(page)
        page.keyboard.press(key)
    first = press(page, "Enter")
    second = press(page, "0")
    wait_saved(page)
    assert current() == {first: ("labelled", ["Change", "Other"], ""), second: ("labelled", [], "")}
    assert page.locator("#labels input:checked").count() == 0


def test_saving_with_nothing_ticked_says_so_beside_the_button_until_something_is(open_page, bob):
    page = open_page(several(bob))
    before, place = shown(page), page.locator("#labels").bounding_box()
    page.locator("#confirm").click()
    expect(page.locator("#hint")).to_be_visible()
    expect(page.locator("#hint")).to_contain_text("No label is ticked")
    assert page.locator("#labels").bounding_box() == place
    page.locator("#labels input").first.check()
    expect(page.locator("#hint")).to_be_hidden()
    page.locator("#confirm").click()
    expect(page.locator("#text")).not_to_have_text(before)
    wait_saved(page)
    assert current() == {before: ("labelled", ["Kind of clause 0"], "")}


def test_w_explains_each_suggested_label_in_turn_the_likeliest_first(open_page, bob, monkeypatch):
    monkeypatch.setattr("labeller.learning.receivers.selectors.queue_is_kept", lambda: True)
    project = several(bob)
    project.audit = False
    project.save()
    texts, labels = list(project.documents.all()), list(project.labels.all())
    sure = dict(zip(labels, (0.6, 0.1, 0.9), strict=True))
    rank(project, texts, prediction={str(label.pk): share for label, share in sure.items()}, model_key="quick")
    for label, word in ((labels[0], "terms"), (labels[2], "notice")):
        for text in texts:
            start = text.text.index(word)
            found = {"spans": [[start, start + len(word), 1.0]], "state": "ready", "asked_at": timezone.now()}
            MovedWords.objects.create(document=text, label=label, model_key="quick", **found)
    page = open_page(project)
    marked, told, button = page.locator("#text mark"), page.locator("#words-told"), page.locator("#words-button")
    for word, number, more in (("notice", 2, " Once more for “Kind of clause 0”."), ("terms", 0, "")):
        past_bouncing(page)
        page.keyboard.press("w")
        expect(marked).to_have_text([word])
        without = f"Marked: without these words “Kind of clause {number}” would be less likely."
        expect(told).to_have_text(without + more)
        expect(button).to_have_attribute("aria-pressed", "true")
    past_bouncing(page)
    page.keyboard.press("w")
    expect(marked).to_have_count(0)
    expect(told).to_have_text("")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_after_a_tick_by_mouse_space_scrolls_and_after_one_by_tab_it_unticks(open_page, bob):
    page = open_page(several(bob))
    page.locator("#labels .choice").first.click()
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press(" ")
    assert page.locator("#labels input:checked").count() == 1
    page.locator("#labels input").first.focus()
    page.keyboard.press(" ")
    assert page.locator("#labels input:checked").count() == 0
    expect(page.locator("#labels input").first).to_be_focused()


def test_many_labels_are_found_by_typing(open_page, bob):
    project = make_project(labels=[f"Intent {number:02d}" for number in range(77)], name="Bank")
    join(project, bob)
    add_texts(project, TEXTS)
    page = open_page(project)
    answered = shown(page)
    page.keyboard.press("/")
    page.keyboard.type("intent 6")
    assert page.locator("#labels .choice:visible").count() == 10
    press(page, "Enter")
    wait_saved(page)
    assert current() == {answered: ("labelled", ["Intent 60"], "")}
    assert page.evaluate("document.activeElement.id") == "filter"
    page.locator("#search-link").click()  # the slash is the filter's
    page.wait_for_url("**" + reverse("search", args=[project.slug]))


def test_a_label_typed_in_full_comes_before_longer_ones_that_hold_its_name(open_page, bob):
    names = ["card_payment_wrong_exchange_rate", "exchange_rate", *(f"intent_{number}" for number in range(30))]
    project = make_project(labels=names, name="Bank")
    join(project, bob)
    add_texts(project, TEXTS)
    page = open_page(project)
    answered = shown(page)
    page.keyboard.press("/")
    page.keyboard.type("exchange_rate")
    expect(page.locator("#labels .choice.first .name")).to_have_text("exchange_rate")
    press(page, "Enter")
    wait_saved(page)
    assert current() == {answered: ("labelled", ["exchange_rate"], "")}


def test_long_names_stay_inside_their_buttons_on_a_phone(open_page, bob):
    names = ["balance_not_updated_after_cheque_or_cash_deposit", *(f"intent_{number}" for number in range(76))]
    project = make_project(labels=names, name="Bank")
    join(project, bob)
    add_texts(project, TEXTS)
    page = open_page(project)
    page.set_viewport_size({"width": 390, "height": 844})
    button = page.locator("#labels .choice").first
    outer, inner = button.bounding_box(), button.locator(".name").bounding_box()
    assert outer["y"] <= inner["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"]

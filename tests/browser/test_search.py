"""Finding and labelling rare texts in a real browser: by keyboard, without a script, on a phone."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from labeller.annotation.models import Annotation, Source
from labeller.projects.models import Label
from tests.browser import shots
from tests.cast import add_texts, join, make_project
from tests.learning.scene import annotate, fill, read, refit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COURTS = "q=court+OR+courts"


@pytest.fixture
def texts(project):
    documents = fill(project)
    documents[1].metadata = {"country": "Ireland", "year": "2019"}
    documents[1].save()
    (long,) = add_texts(
        project, ["Nothing of note is said here. " * 30 + "The <b>court</b> of Rome. " + "And so on. " * 60]
    )
    return [*documents, long]


@pytest.fixture
def open_list(browser, live_server, client_of, project, bob):
    """Bob's browser, at an address of the search: (query, **how) -> page. Complaints fail the test."""
    opened, problems = [], []

    def at(query: str = "", *, expected: str = "ERR_FAILED", **how):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 860}} | how))
        opened.append(context)
        cookie = client_of(bob).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: (
                problems.append(message.text) if message.type == "error" and expected not in message.text else None
            ),
        )
        page.goto(f"{live_server.url}{reverse('search', args=[project.slug])}?{query}")
        return page

    yield at
    for context in opened:
        context.close()
    assert problems == []


def current() -> dict[int, tuple[str, list[str]]]:
    rows = Annotation.objects.filter(superseded_at=None).prefetch_related("labels")
    return {row.document_id: (row.source, sorted(label.name for label in row.labels.all())) for row in rows}


def in_focus(page) -> int:
    return int(page.locator(".found li.current").get_attribute("data-text"))


def test_texts_are_found_and_labelled_by_keyboard_alone(open_list, texts, project, alice):
    read(project, without=texts[-1:])
    for document in texts[:9]:
        annotate(document, alice)
    refit(project)
    page = open_list()
    shots.take(page, "search-empty", whole=True)
    page.keyboard.type("court OR courts")
    page.keyboard.press("Enter")
    expect(page.locator(".found-head b")).to_have_text("8 texts")
    expect(page.locator("mark").first).to_have_text(re.compile("^courts?$", re.IGNORECASE))
    shots.take(page, "search-words", whole=True)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    first = in_focus(page)
    while project.documents.get(pk=first).annotations.exists():
        page.keyboard.press("j")
        first = in_focus(page)
    page.keyboard.press("2")
    expect(page.locator(f"#state-{first}")).to_contain_text("Court")
    assert current()[first] == (Source.SEARCH, ["Court"])
    expect(page.locator("#bar-said")).to_contain_text("1 text labelled Court.")
    shots.take(page, "search-labelled")
    page.keyboard.press("z")
    expect(page.locator(f"#state-{first}")).not_to_contain_text("Court")
    expect(page.locator(f"#state-{first}")).not_to_have_attribute("data-saving", "")
    assert first not in current()
    page.locator(f"#text-{first}").focus()
    page.keyboard.press("x")
    expect(page.locator("#bar-what")).to_have_text("Label the marked text")
    page.keyboard.press("x")
    page.keyboard.press("m")
    expect(page.locator(".found-head b")).to_contain_text("Like text")
    assert f"like={first}" in page.url
    shots.take(page, "search-like", whole=True)
    expect(page.locator("li.current")).to_be_focused()  # the page listens
    page.keyboard.press("/")
    expect(page.locator("#find-q")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    results = Axe().run(page)
    serious = [one["id"] for one in results.response["violations"] if one["impact"] in ("serious", "critical")]
    assert serious == []


def test_a_list_is_labelled_at_once_after_exact_numbers_and_undone_at_once(open_list, texts, bob):
    page = open_list(COURTS + "&status=unlabelled")
    page.get_by_role("link", name=re.compile("Label all 8")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Label 8 texts at once")
    page.get_by_label("Court").check()
    page.get_by_label(re.compile("Texts set apart")).check()
    shots.take(page, "bulk", whole=True)
    page.get_by_role("button", name="Go on to confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Label 8 texts\s+Court\?"))
    shots.take(page, "bulk-confirm", whole=True)
    assert not current()
    page.get_by_role("button", name="Label 8 texts").click()
    expect(page.locator("#act")).to_contain_text("8 texts labelled Court.")
    assert len(current()) == 8
    shots.take(page, "bulk-done")
    page.get_by_role("button", name="Undo it all").click()
    expect(page.get_by_text("8 answers taken back.")).to_be_visible()
    assert not current()


def test_all_of_it_works_without_a_script_on_a_phone(open_list, texts):
    page = open_list(COURTS, java_script_enabled=False, viewport=shots.PHONE)
    for document in (texts[1], texts[7]):
        page.locator(f"input[name=mark][value='{document.pk}']").check()
    page.get_by_role("button", name="Court").click()
    expect(page.locator(".notice.success")).to_have_text("2 texts labelled Court.")
    assert set(current()) == {texts[1].pk, texts[7].pk}
    assert COURTS.replace("+OR+", "+OR+") in page.url
    page.locator(f"#text-{texts[1].pk} .like-this").click()
    expect(page.locator(".empty")).to_contain_text("not been read")


LABEL = "**/search/label/"


def test_a_lost_connection_is_said_and_nothing_is_lost(open_list, texts):
    page = open_list(COURTS)
    page.route(LABEL, lambda route: route.abort())
    page.keyboard.press("j")
    labelled = in_focus(page)
    page.keyboard.press("2")
    expect(page.locator(f"#state-{labelled}")).to_have_text("Not saved yet")
    expect(page.locator("#bar-said")).to_have_text("Not saved yet, will retry: 1 answer kept here")
    shots.take(page, "search-unsent")
    page.unroute(LABEL)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(f"#state-{labelled}")).to_contain_text("Court")
    expect(page.locator("#bar-said")).to_have_text("1 text labelled Court.")
    assert current() == {labelled: (Source.SEARCH, ["Court"])}


def test_the_label_pressed_last_stays_however_slow_the_first_is(open_list, texts):
    page = open_list(COURTS)
    slow_first = """() => { const send = window.fetch; let n = 0;
        window.fetch = (...what) => n++ ? send(...what)
            : new Promise((go) => setTimeout(go, 700)).then(() => send(...what)); }"""
    page.evaluate(slow_first)
    page.keyboard.press("j")
    labelled = in_focus(page)
    for key in ("1", "k", "2"):
        page.keyboard.press(key)
    expect(page.locator(f"#state-{labelled}")).to_contain_text("Court")
    assert current() == {labelled: (Source.SEARCH, ["Court"])}
    page.keyboard.press("z")  # the last press, not the last reply
    expect(page.locator(f"#state-{labelled}")).to_contain_text("Change")
    assert current() == {labelled: (Source.SEARCH, ["Change"])}


def test_a_label_still_on_its_way_is_undone_as_soon_as_it_is_there(open_list, texts):
    page = open_list(COURTS)
    page.route(LABEL, lambda route: route.abort())
    page.keyboard.press("j")
    labelled = in_focus(page)
    page.keyboard.press("2")
    page.keyboard.press("z")
    page.unroute(LABEL)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#bar-said")).to_have_text("1 answer taken back.")
    expect(page.locator(f"#state-{labelled}")).not_to_contain_text("Court")
    assert not current() and Annotation.objects.count() == 1


def test_leaving_with_unsent_labels_warns_and_they_are_sent_from_the_next_list(open_list, texts):
    page = open_list(COURTS)
    warned = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    page.route(LABEL, lambda route: route.abort())
    page.keyboard.press("j")
    labelled = in_focus(page)
    page.keyboard.press("2")
    expect(page.locator(f"#state-{labelled}")).to_have_text("Not saved yet")
    page.unroute(LABEL)
    page.route(LABEL, lambda route: route.abort(), times=1)  # whatever is sent while the page goes
    page.reload()
    assert warned == ["beforeunload"]
    expect(page.locator(f"#state-{labelled}")).to_contain_text("Court", timeout=15_000)
    assert current() == {labelled: (Source.SEARCH, ["Court"])}
    page.goto("about:blank")
    assert warned == ["beforeunload"]


def test_an_undo_of_a_label_that_was_not_sent_yet_outlives_a_reload(open_list, texts):
    page = open_list(COURTS)
    page.on("dialog", lambda dialog: dialog.accept())
    page.route(LABEL, lambda route: route.abort())
    page.keyboard.press("j")
    labelled = in_focus(page)
    page.keyboard.press("2")
    expect(page.locator(f"#state-{labelled}")).to_have_text("Not saved yet")
    page.keyboard.press("z")
    expect(page.locator("#undo-act")).to_be_hidden()
    page.reload()
    expect(page.locator(f"#state-{labelled}")).to_have_text("Not saved yet")
    page.unroute(LABEL)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#bar-said")).to_have_text("1 answer taken back.")
    expect(page.locator(f"#state-{labelled}")).not_to_contain_text("Court")
    assert not current() and Annotation.objects.count() == 1


def test_with_a_label_that_is_refused_goes_its_undo(open_list, texts):
    page = open_list(COURTS, expected="the server responded with a status of")
    page.route(LABEL, lambda route: route.fulfill(status=503))
    page.keyboard.press("j")
    labelled = in_focus(page)
    page.keyboard.press("2")
    expect(page.locator(f"#state-{labelled}")).to_have_text("Not saved yet")
    page.keyboard.press("z")
    Label.objects.get(name="Court").delete()
    page.unroute(LABEL)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(f"#state-{labelled} .trouble")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('unsaved'))") == []


def test_after_signing_in_again_in_another_tab_labels_carry_the_new_token(open_list, texts, live_server):
    page = open_list(COURTS)
    token = {"name": settings.CSRF_COOKIE_NAME, "value": "b" * 32, "url": live_server.url}
    page.context.add_cookies([token])
    page.keyboard.press("j")
    labelled = in_focus(page)
    page.keyboard.press("2")
    expect(page.locator(f"#state-{labelled}")).to_contain_text("Court")
    assert current() == {labelled: (Source.SEARCH, ["Court"])}


def test_several_labels_are_ticked_for_the_marked_texts(browser, live_server, client_of, bob):
    project = make_project("multi", name="Several")
    join(project, bob)
    one, two, _ = add_texts(project, ["A late fee.", "Another fee.", "A fee in court."])
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    cookie = client_of(bob).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}{reverse('search', args=[project.slug])}?q=fee")
    for document in (one, two):
        page.locator(f"input[name=mark][value='{document.pk}']").check()
    page.locator("h1").click()
    for key in ("1", "3", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#bar-said")).to_have_text("2 texts labelled Change, Other.")
    assert current() == dict.fromkeys([one.pk, two.pk], (Source.SEARCH, ["Change", "Other"]))
    shots.take(page, "search-several")
    context.close()


@pytest.fixture
def many_labels(project, texts):
    """77 labels: 74 besides the project's own."""
    names = [f"Kind {n}" for n in range(1, 73)] + ["Card payment fee", "Card payment fee charged twice"]
    Label.objects.bulk_create(
        Label(project=project, name=name, colour="#2f7ab8", hotkey="", position=10 + at)
        for at, name in enumerate(names)
    )
    return project


def test_one_of_many_labels_is_found_by_typing(open_list, texts, many_labels):
    page = open_list(COURTS)
    expect(page.locator("#filter")).to_be_visible()
    page.keyboard.press("j")
    first = in_focus(page)
    page.keyboard.press(".")
    expect(page.locator("#filter")).to_be_focused()
    page.keyboard.type("card PAY")
    expect(page.locator("#labels .choice:visible")).to_have_count(2)
    expect(page.locator("#labels .choice.first .name")).to_have_text("Card payment fee")
    shots.take(page, "search-filter")
    page.keyboard.press("Enter")
    expect(page.locator(f"#state-{first}")).to_contain_text("Card payment fee")
    assert current()[first] == (Source.SEARCH, ["Card payment fee"])
    assert in_focus(page) != first
    expect(page.locator("#labels .choice:visible")).to_have_count(77)
    page.keyboard.press(".")
    page.keyboard.type("nothing like it")
    page.keyboard.press("Enter")
    assert len(current()) == 1
    page.keyboard.press("Escape")
    expect(page.locator("#filter")).to_have_value("")
    expect(page.locator("li.current")).to_be_focused()
    page.keyboard.press("j")
    results = Axe().run(page)
    assert [one["id"] for one in results.response["violations"] if one["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("size", [(640, 400), (1280, 420)])
def test_in_a_low_window_the_labels_leave_most_of_it_to_the_texts(open_list, texts, many_labels, size):
    page = open_list(COURTS, viewport={"width": size[0], "height": size[1]})
    page.keyboard.press("j")
    first = in_focus(page)
    page.keyboard.press("2")
    expect(page.locator(f"#state-{first}")).to_contain_text("Court")
    assert page.locator("#bar").bounding_box()["height"] <= 0.4 * size[1]
    assert page.locator("li.current").bounding_box()["y"] >= 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    last = page.locator("#labels .choice").last
    last.focus()
    expect(last).to_be_in_viewport()


def test_where_labels_are_few_there_is_no_box_for_them(open_list, texts):
    page = open_list(COURTS)
    expect(page.locator("#bar")).to_be_visible()
    assert page.locator("#filter").count() == 0


def test_the_search_speaks_german(open_list, texts, many_labels, live_server, project, alice, client_of):
    page = open_list(COURTS + "&status=unlabelled", locale="de-DE")
    expect(page.locator(".found-head b")).to_have_text("8 Texte")
    expect(page.locator(".found-head")).to_contain_text("mit den Wörtern „court OR courts“, nicht gelabelt")
    page.keyboard.press("j")
    first = in_focus(page)
    page.keyboard.press("2")
    expect(page.locator("#bar-said")).to_have_text("1 Text als Court gelabelt.")
    expect(page.locator("#bar-what")).to_have_text("Den ausgewählten Text labeln")
    stored = Annotation.objects.get(document_id=first)
    assert stored.reason == "Found by search: with the words “court OR courts”, not labelled"
    shots.take(page, "search-german", whole=True)
    page.keyboard.press("?")
    shots.take(page, "search-german-keys")
    page.goto(f"{live_server.url}{reverse('search', args=[project.slug])}")
    shots.take(page, "search-german-empty", whole=True)
    page.goto(f"{live_server.url}{reverse('search-bulk', args=[project.slug])}?{COURTS}")
    expect(page.get_by_role("heading", level=1)).to_have_text("8 Texte auf einmal labeln")
    shots.take(page, "search-german-bulk", whole=True)


def test_a_label_without_a_text_leads_to_its_search(open_list, texts, project, live_server):
    page = open_list()
    page.goto(live_server.url + reverse("project", args=[project.slug]))
    shots.take(page, "overview-starts", whole=True)
    page.goto(live_server.url + reverse("label", args=[project.slug]))
    expect(page.locator("#text")).to_be_focused()
    shots.take(page, "label-starts", whole=True)
    page.get_by_text("Labels still without a text").click()
    page.get_by_role("link", name="Find texts for Court").click()
    expect(page.locator(".found-head")).to_contain_text("court")


def test_on_a_cyrillic_keyboard_the_letters_on_the_caps_act_and_keys_can_be_turned_off(open_list, texts):
    page = open_list("q=court")
    page.keyboard.press("j")
    page.evaluate(
        """document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key: "ч", code: "KeyX", bubbles: true, cancelable: true }))"""
    )
    expect(page.locator("#found [name=mark]:checked")).to_have_count(1)
    page.keyboard.press("?")
    page.get_by_label("Keys of one character act at once").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.keyboard.press("1")
    expect(page.locator("#found [name=mark]:checked")).to_have_count(1)
    assert not Annotation.objects.exists()

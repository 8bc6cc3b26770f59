"""The labelling page in a real browser: keys, mouse, thumb, and a network that fails."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from labeller.annotation.models import Annotation, Lease
from labeller.annotation.services import answer, serve
from labeller.projects.models import Project, Role
from tests.cast import add_texts, join, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXTS = [f"Clause {number}: we may change these terms at any time, <b>without</b> notice." for number in range(30)]
SAVED = re.compile("Saved")
LOST = re.compile("ERR_INTERNET_DISCONNECTED|ERR_FAILED")  # what the tests do to the network


@pytest.fixture
def context(browser, live_server, client_of, bob):
    """Bob's browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    cookie = client_of(bob).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context
    context.close()


@pytest.fixture
def page(context):
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.problems = problems
    page.expected = re.compile("$^")  # what a test provokes: a late poll may complain after its last line
    yield page
    assert [problem for problem in problems if not (LOST.search(problem) or page.expected.search(problem))] == []


@pytest.fixture
def texts(project):
    return add_texts(project, TEXTS)


@pytest.fixture
def open_page(page, live_server, project, texts):
    def opened(which: Project = project):
        page.goto(live_server.url + reverse("label", args=[which.slug]))
        expect(page.locator("#text")).to_be_focused()
        return page

    return opened


def shown(page) -> str:
    return page.locator("#text").text_content()


def past_bouncing(page) -> None:
    """Two presses of one key within 60 ms are taken for one that bounces: wait until the page's clock is past that."""
    now = page.evaluate("performance.now()")
    page.wait_for_function("since => performance.now() - since > 60", arg=now)


def press(page, key: str) -> str:
    """Press a key and wait until another text stands there. Returns the text that was answered."""
    before = shown(page)
    past_bouncing(page)
    page.keyboard.press(key)
    expect(page.locator("#text")).not_to_have_text(before)
    expect(page.locator("#text")).not_to_be_empty()
    return before


def wait_saved(page) -> None:
    expect(page.locator("#save")).to_have_attribute("data-state", "saved")


def current() -> dict[str, tuple[str, list[str], str]]:
    """Text -> (status, labels, comment) of the current answers."""
    rows = Annotation.objects.filter(superseded_at=None).select_related("document").prefetch_related("labels")
    return {
        row.document.text: (row.status, sorted(label.name for label in row.labels.all()), row.comment) for row in rows
    }


def test_ten_texts_are_labelled_by_keyboard_without_a_reload(open_page):
    page = open_page()
    page.evaluate("window.stillHere = true")
    names = {"1": "Change", "2": "Court", "3": "Other"}
    expected = {}
    for key in "1232113221":
        expected[press(page, key)] = ("labelled", [names[key]], "")
    wait_saved(page)
    assert len(expected) == 10 and current() == expected
    assert page.evaluate("window.stillHere")
    assert page.locator("#today").text_content() == "10"
    assert page.locator("#last li").count() == 5
    assert "<b>without</b>" in shown(page)


def test_undo_goes_back_step_by_step_and_skip_unsure_and_comment_are_saved(open_page):
    page = open_page()
    first = press(page, "1")
    second = press(page, "2")
    assert press(page, "z") and shown(page) == second
    assert press(page, "z") and shown(page) == first
    press(page, "s")
    assert shown(page) == second
    press(page, "u")
    third = shown(page)
    page.keyboard.press("c")
    page.keyboard.type("Two kinds in one")
    page.keyboard.press("Escape")
    press(page, "3")
    wait_saved(page)
    assert current() == {
        first: ("skipped", [], ""),
        second: ("unsure", [], ""),
        third: ("labelled", ["Other"], "Two kinds in one"),
    }


def test_undo_reaches_back_past_a_reload(open_page):
    page = open_page()
    first = press(page, "1")
    wait_saved(page)
    page = open_page()
    press(page, "z")
    assert shown(page) == first
    assert current() == {}


def test_what_is_answered_offline_survives_a_reload_and_is_saved_once(open_page, context):
    page = open_page()
    context.set_offline(True)
    answered = [shown(page)]
    press(page, "1")
    answered.append(shown(page))
    past_bouncing(page)
    page.keyboard.press("2")
    expect(page.locator("#save")).to_have_attribute("data-state", "waiting")
    expect(page.locator("#save")).to_contain_text("2 answers kept here")
    assert not Annotation.objects.exists()
    page.on("dialog", lambda dialog: dialog.accept())  # "leave the page?": it warns, we leave
    context.route("**/label/answer/", lambda route: route.abort())  # or they would be saved before the reload
    context.set_offline(False)
    page.reload()
    expect(page.locator("#save")).to_have_attribute("data-state", "waiting")
    context.unroute("**/label/answer/")
    wait_saved(page)
    assert current() == {answered[0]: ("labelled", ["Change"], ""), answered[1]: ("labelled", ["Court"], "")}
    assert Annotation.objects.count() == 2
    assert shown(page) not in answered


def test_a_lost_reply_is_retried_and_makes_one_annotation(open_page, context):
    page = open_page()
    lost = []

    def carry_out_but_lose_the_reply(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/label/answer/", carry_out_but_lose_the_reply)
    page.expected = re.compile("ERR_FAILED")
    answered = press(page, "1")
    expect(page.locator("#save")).to_have_attribute("data-state", "waiting")
    wait_saved(page)
    assert current() == {answered: ("labelled", ["Change"], "")}
    assert Annotation.objects.count() == 1


@pytest.mark.parametrize("loss", ["demoted", "removed"])
def test_who_may_no_longer_label_is_told_so_and_nothing_is_lost(open_page, project, bob, loss):
    page = open_page()
    page.expected = re.compile("status of 40[34]")
    member = project.memberships.get(user=bob)
    if loss == "demoted":
        project.memberships.filter(user=bob).update(role=Role.READER)
    else:
        member.delete()
    answered = press(page, "1")
    expect(page.locator("#save")).to_have_attribute("data-state", "refused")
    sentence = "You may read this project" if loss == "demoted" else "not open to you any more"
    expect(page.locator("#save")).to_contain_text(sentence)
    expect(page.locator("#save")).to_contain_text("1 answer kept here")
    assert not Annotation.objects.exists()
    project.memberships.all().filter(user=bob).delete()
    join(project, bob)
    page.evaluate("dispatchEvent(new Event('online'))")  # or in a minute
    wait_saved(page)
    assert current() == {answered: ("labelled", ["Change"], "")}


def test_after_somebody_else_signs_in_the_old_tab_keeps_its_answers_for_its_own_person(
    open_page, context, live_server, client_of, project, alice, bob
):
    def sign_in(person) -> None:
        cookie = client_of(person).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])

    page = open_page()
    page.expected = re.compile("status of 403")
    sign_in(alice)
    answered = [press(page, "1"), press(page, "2")]
    expect(page.locator("#save")).to_have_attribute("data-state", "refused")
    expect(page.locator("#save")).to_contain_text("You are signed in as alice now; sign in as bob to save these.")
    expect(page.locator("#save")).to_contain_text("2 answers kept here")
    assert not Annotation.objects.exists() and not Lease.objects.filter(annotator=alice).exists()
    sign_in(bob)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # back in this tab
    wait_saved(page)
    assert current() == {answered[0]: ("labelled", ["Change"], ""), answered[1]: ("labelled", ["Court"], "")}
    assert set(Annotation.objects.values_list("annotator__username", flat=True)) == {"bob"}


def test_a_refused_answer_counts_for_nothing_and_undo_goes_past_it(open_page, project):
    page = open_page()
    page.expected = re.compile("status of 422")
    kept = press(page, "1")
    wait_saved(page)
    project.labels.filter(name="Court").delete()
    press(page, "2")
    expect(page.locator("#refusal")).to_contain_text("is not in this project any more")
    expect(page.locator("#save")).to_have_attribute("data-state", "refused")
    expect(page.locator("#save")).to_have_text("Not saved")
    expect(page.locator("#today")).to_have_text("1")
    expect(page.locator("#last .head")).to_have_text([kept])
    assert current() == {kept: ("labelled", ["Change"], "")}
    with page.expect_response("**/label/status/"):
        page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#last .head")).to_have_text([kept])
    press(page, "z")
    assert shown(page) == kept
    wait_saved(page)
    expect(page.locator("#today")).to_have_text("0")
    assert current() == {}


def test_an_answer_the_server_fails_at_lets_the_next_ones_pass(open_page):
    page = open_page()
    page.expected = re.compile("status of 500")
    failing = []

    def fail_at_the_first(route):
        lease = re.search(r"lease=([^&]+)", route.request.post_data).group(1)
        failing.append(lease)
        return route.fulfill(status=500) if lease == failing[0] else route.continue_()

    page.route("**/label/answer/", fail_at_the_first)
    with page.expect_response(lambda response: "/label/answer/" in response.url and response.status == 500):
        first, second = press(page, "1"), shown(page)
    past_bouncing(page)
    # The first answer alone is "1 answer kept here" already: the second's own acknowledgement ends the wait.
    with page.expect_response(lambda response: "/label/answer/" in response.url and response.ok, timeout=15_000):
        page.keyboard.press("2")
    expect(page.locator("#save")).to_have_attribute("data-state", "waiting")
    expect(page.locator("#save")).to_contain_text("1 answer kept here", timeout=15_000)
    assert current() == {second: ("labelled", ["Court"], "")}
    page.unroute("**/label/answer/")
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_saved(page)
    assert current() == {first: ("labelled", ["Change"], ""), second: ("labelled", ["Court"], "")}


def test_after_signing_in_again_in_another_tab_the_answers_carry_the_new_token(open_page, context, live_server):
    page = open_page()
    name, secret = settings.CSRF_COOKIE_NAME, "b" * 32
    context.add_cookies([{"name": name, "value": secret, "url": live_server.url}])
    answered = press(page, "2")
    wait_saved(page)
    assert current() == {answered: ("labelled", ["Court"], "")}


def test_a_double_click_answers_one_text(open_page):
    page = open_page()
    answered = shown(page)
    page.get_by_role("button", name="Court").dblclick()
    wait_saved(page)
    assert current() == {answered: ("labelled", ["Court"], "")}


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


def test_labels_stay_where_they_are_from_text_to_text(open_page, project):
    add_texts(project, ["A word.", "Many words " * 400])
    page = open_page()
    place = page.locator("#labels").bounding_box()
    for _ in range(6):
        press(page, "1")
        assert page.locator("#labels").bounding_box() == place


def test_the_live_region_says_what_was_saved_and_the_next_text(open_page):
    page = open_page()
    press(page, "2")
    assert page.locator("#live").text_content() == f"Court. {shown(page)}"
    assert page.evaluate("document.activeElement.id") == "text"


def test_the_keys_are_explained_on_a_question_mark(open_page):
    page = open_page()
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    page.keyboard.press("1")  # no key labels while the list is open
    page.keyboard.press("Escape")
    assert not page.locator("dialog#keys").is_visible()
    assert not Annotation.objects.exists()


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


def test_when_the_texts_run_out_the_page_says_so(open_page, project, texts):
    page = open_page()
    for _ in range(len(texts) - 1):
        press(page, "1")
    past_bouncing(page)
    page.keyboard.press("1")
    page.wait_for_selector("#done-all", state="visible")
    wait_saved(page)
    assert len(current()) == len(texts)


def test_on_a_phone_the_labels_are_at_the_thumb_and_large_enough(open_page, project):
    page = open_page()
    page.set_viewport_size({"width": 390, "height": 844})
    for box in [button.bounding_box() for button in page.locator("#labels .choice").all()]:
        assert box["height"] >= 44 and box["y"] + box["height"] <= 844 and box["y"] > 422
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_project_with_labels_and_no_texts_says_what_to_do(page, live_server, project):
    """The fixture fails on any error of the page's script."""
    page.goto(live_server.url + reverse("label", args=[project.slug]), wait_until="networkidle")
    expect(page.get_by_role("heading", name="This project has no texts yet")).to_be_visible()
    assert page.locator("script[type=module]").count() == 0


def several(bob, count: int = 3) -> Project:
    """Several labels per text, with Bob in it and thirty texts."""
    project = make_project("multi", labels=[f"Kind of clause {number}" for number in range(count)], name="Several")
    join(project, bob)
    add_texts(project, TEXTS)
    return project


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


def test_the_frame_takes_the_free_height_and_a_comment_moves_no_label(open_page):
    page = open_page()
    assert page.locator("#frame").bounding_box()["height"] > 400
    place = page.locator("#labels").bounding_box()
    page.keyboard.press("c")
    expect(page.locator("#comment")).to_be_focused()
    assert page.locator("#labels").bounding_box() == place


def test_five_texts_are_answered_without_the_network_and_the_empty_frame_says_how_many_wait(open_page, context):
    page = open_page()
    context.set_offline(True)
    for _ in range(4):
        press(page, "1")
    past_bouncing(page)
    page.keyboard.press("1")
    expect(page.locator("#reason")).to_have_text("No connection: 5 answers wait here.")
    assert not Annotation.objects.exists()
    context.set_offline(False)
    wait_saved(page)
    expect(page.locator("#text")).not_to_be_empty()
    assert len(current()) == 5


def somebody_answers(project, person, count: int) -> None:
    labels = [project.labels.first().pk]
    for served in serve(project=project, annotator=person, count=count):
        answer(
            project=project, annotator=person, lease_key=served.key, key=uuid4(), status="labelled", label_ids=labels
        )


def test_undo_takes_back_the_topmost_answer_also_when_another_tab_gave_it(open_page, project, bob):
    page = open_page()
    here = press(page, "1")
    wait_saved(page)
    served = serve(project=project, annotator=bob)[-1]  # Bob, in another tab
    elsewhere = served.text
    answer(project=project, annotator=bob, lease_key=served.key, key=uuid4(), status="skipped")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#last .head")).to_have_text([elsewhere[:90], here[:90]])
    press(page, "z")
    wait_saved(page)
    assert shown(page) == elsewhere
    assert current() == {here: ("labelled", ["Change"], "")}
    press(page, "z")
    wait_saved(page)
    assert shown(page) == here and current() == {}


def test_every_tenth_answer_brings_what_the_others_did(open_page, project, alice):
    page = open_page()
    somebody_answers(project, alice, 3)
    for _ in range(10):
        press(page, "1")
        wait_saved(page)
    expect(page.locator("#far")).to_have_text("13 of 30 texts labelled by all")


def test_the_end_is_told_with_the_others_answers(open_page, project, texts, alice):
    project.documents.filter(pk__in=[text.pk for text in texts[6:]]).delete()
    page = open_page()
    somebody_answers(project, alice, 1)
    for _ in range(4):
        press(page, "1")
    past_bouncing(page)
    page.keyboard.press("1")
    page.wait_for_selector("#done-all", state="visible")
    expect(page.locator("#far")).to_have_text("6 of 6 texts labelled by all")


def test_a_bouncing_key_answers_once_and_another_key_at_once_is_meant(open_page):
    page = open_page()
    page.evaluate("""() => {
      const press = (key) => document.getElementById("text").dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      for (const key of ["1", "1", "2"]) press(key);
    }""")
    expect(page.locator("#today")).to_have_text("2")
    wait_saved(page)
    assert sorted(labels for _, labels, _ in current().values()) == [["Change"], ["Court"]]


def press_on_azerty(page, key: str, code: str, shift: bool = False) -> str:
    """The key with this cap, as a French keyboard reports it."""
    before = shown(page)
    past_bouncing(page)
    page.evaluate(
        """([key, code, shiftKey]) => document.getElementById("text").dispatchEvent(
          new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true }))""",
        [key, code, shift],
    )
    return before


def test_the_digits_of_a_french_keyboard_need_no_shift(open_page):
    page = open_page()
    first = press_on_azerty(page, "&", "Digit1")
    second = press_on_azerty(page, "é", "Digit2")
    third = press_on_azerty(page, "3", "Digit3", shift=True)
    fourth = press_on_azerty(page, "!", "Digit1", shift=True)  # on an American one: no digit
    expect(page.locator("#today")).to_have_text("3")
    wait_saved(page)
    assert shown(page) == fourth
    assert current() == {
        first: ("labelled", ["Change"], ""),
        second: ("labelled", ["Court"], ""),
        third: ("labelled", ["Other"], ""),
    }


def test_a_french_zero_says_none_of_these(open_page, bob):
    page = open_page(several(bob))
    press_on_azerty(page, "&", "Digit1")
    answered = press_on_azerty(page, "à", "Digit0")
    expect(page.locator("#text")).not_to_have_text(answered)
    wait_saved(page)
    assert current() == {answered: ("labelled", [], "")}


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

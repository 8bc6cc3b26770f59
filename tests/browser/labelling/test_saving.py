"""A network that fails, a server that refuses, a person who changes: no answer is lost and none doubled."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from labeller.annotation.models import Annotation, Lease
from labeller.projects.models import Label, Role
from tests.browser.labelling.hand import as_if_read, current, past_bouncing, press, several, shown, wait_saved, write
from tests.browser.shots import take
from tests.cast import join

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_is_answered_offline_survives_a_reload_and_is_saved_once(open_page, context):
    page = open_page()
    context.set_offline(True)
    answered = [shown(page)]
    press(page, "1")
    answered.append(shown(page))
    past_bouncing(page)
    page.keyboard.press("2")
    expect(page.locator("#save")).to_have_attribute("data-state", "offline")
    expect(page.locator("#save")).to_have_text("Offline: 2 answers kept here until the network is back")
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


def test_a_failed_save_counts_down_to_the_next_try_and_can_be_tried_at_once(open_page):
    page = open_page()
    page.expected = re.compile("status of 500")
    page.route("**/label/answer/", lambda route: route.fulfill(status=500))
    place = page.locator("#frame").bounding_box()
    answered = press(page, "1")
    expect(page.locator("#save")).to_have_text("Not saved yet, will retry: 1 answer kept here")
    expect(page.locator("#retry")).to_have_text(re.compile(r"in \d+ s"))
    assert page.locator("#frame").bounding_box() == place
    take(page, "not-saved")
    expect(page.locator("#retry")).to_have_text(re.compile(r"in ([6-9]|1\d) s"), timeout=30_000)  # time to press
    page.unroute("**/label/answer/")
    page.get_by_role("button", name="Try now").click()
    wait_saved(page)
    expect(page.locator("#retry")).to_be_empty()
    expect(page.locator("#try-now")).to_be_hidden()
    assert current() == {answered: ("labelled", ["Change"], "")}


def test_a_lost_network_is_told_before_anything_is_answered(open_page, context):
    page = open_page()
    context.set_offline(True)
    expect(page.locator("#save")).to_have_text("Offline: answers are kept here until the network is back")
    context.set_offline(False)
    expect(page.locator("#save")).to_be_empty()


@pytest.mark.parametrize("unsaved", ["an answer", "a comment"])
@pytest.mark.parametrize("way_out", ["reload", "the search's key"])
def test_leaving_with_something_unsaved_warns(open_page, context, unsaved, way_out):
    page = open_page()
    if unsaved == "an answer":
        context.set_offline(True)
        press(page, "1")
    else:
        page.keyboard.press("c")
        page.keyboard.type("Half a thought")
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        if way_out == "reload":
            page.evaluate("setTimeout(() => location.reload())")
        else:
            page.keyboard.press("Escape")  # out of the comment's field
            page.keyboard.press("/")
    assert asked == ["beforeunload"]
    context.set_offline(False)


def test_what_the_browser_has_no_room_for_is_said_to_be_in_this_page_only(open_page, context):
    page = open_page()
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }")
    context.set_offline(True)
    press(page, "1")
    told = "Offline: 1 answer kept here until the network is back. The browser has no room left: leave this page open"
    expect(page.locator("#save")).to_have_text(told)
    context.set_offline(False)
    wait_saved(page)
    expect(page.locator("#save")).to_have_text("✓ Saved")


def test_refused_answers_are_named_and_what_was_written_stands_with_its_text_again_past_a_reload(open_page, context):
    page = open_page()
    page.expected = re.compile("status of 422")
    context.set_offline(True)
    write(page, "a long remark")
    place = page.locator("#labels").bounding_box()
    first, second = press(page, "3"), press(page, "3")
    Label.objects.filter(name="Other").update(retired_at=timezone.now(), on_offer=False, hotkey="")
    context.set_offline(False)
    gone = "“Other” is not in this project any more. Reload the page to see its labels."
    expect(page.locator("#refusal p")).to_have_text(
        [f"Not saved: Other for “{text[:60].rstrip()}…”. {gone}" for text in (first, second)]
    )
    assert page.locator("#labels").bounding_box() == place
    take(page, "refused-answers")
    assert current() == {}
    page = open_page()  # as it was told
    while shown(page) != first:
        expect(page.locator("#comment")).to_have_value("")
        press(page, "1")
    expect(page.locator("#comment")).to_have_value("a long remark")
    expect(page.locator("#comment")).to_be_visible()
    press(page, "2")
    wait_saved(page)
    assert current()[first] == ("labelled", ["Court"], "a long remark")
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_the_ticks_of_a_refused_answer_stand_there_again_and_leaving_asks_only_about_what_is_new(open_page, bob):
    page = open_page(several(bob))
    page.expected = re.compile("status of 422")
    refused = shown(page)
    Label.objects.filter(name="Kind of clause 2").update(retired_at=timezone.now(), on_offer=False, hotkey="")
    page.keyboard.press("1")
    page.keyboard.press("3")
    press(page, "Enter")
    expect(page.locator("#refusal")).to_contain_text("Not saved: Kind of clause 0, Kind of clause 2 for")
    for _ in range(5):
        if shown(page) == refused:
            break
        as_if_read(page)
        press(page, "s")
    ticked = page.locator("#labels label:has(input:checked) .name")
    expect(ticked).to_have_text(["Kind of clause 0", "Kind of clause 2"])
    wait_saved(page)
    page.reload()  # unasked
    expect(page.locator("#text")).to_have_text(refused)
    expect(ticked).to_have_text(["Kind of clause 0"])
    page.keyboard.press("2")
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.reload())")
    asked.value.dismiss()
    press(page, "Enter")
    wait_saved(page)
    assert current()[refused] == ("labelled", ["Kind of clause 0", "Kind of clause 1"], "")


def test_of_many_refused_answers_the_rest_is_counted(open_page, context, project):
    page = open_page()
    page.expected = re.compile("status of 422")
    context.set_offline(True)
    for _ in range(4):
        press(page, "3")
    past_bouncing(page)
    page.keyboard.press("3")
    project.labels.filter(name="Other").delete()
    context.set_offline(False)
    expect(page.locator("#refusal p")).to_have_count(4, timeout=20_000)
    expect(page.locator("#refusal p").last).to_have_text("2 more were not saved.")

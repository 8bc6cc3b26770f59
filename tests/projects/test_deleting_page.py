"""A manager asks for a deletion by typing the name, and the list of projects says how it stands."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from labeller.projects import archiving, deleting
from labeller.projects.belongings import Table
from labeller.projects.models import Project, User
from tests.projects.refusals import ClientOf, refused_to_others

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_haste")]


@pytest.fixture
def page(full: Project) -> str:
    return reverse("project-delete", args=[full.slug])


def test_its_manager_types_the_name_and_a_worker_gets_it(
    full, page, alice, client_of: ClientOf, enqueued, django_capture_on_commit_callbacks
):
    browser = client_of(alice)
    assert f'href="{page}"' in browser.get(reverse("projects")).content.decode()
    assert "Delete “Terms of service” for good?</h1>" in browser.get(page).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        listed = browser.post(page, {"name": " Terms  of service "}, follow=True).content.decode()
    assert enqueued == [(deleting.TASK, full.pk)]
    assert "“Terms of service” is being deleted. You can leave this page." in listed
    assert "is being deleted</span>" in listed and 'hx-trigger="every 2s"' in listed
    assert not re.search(rf'(href|action)="/p/{full.slug}/', listed), "there is nothing to be done with it"


@pytest.mark.parametrize("typed", ["", "terms of service", "Terms", "Another"])
def test_another_name_is_refused_in_a_sentence(typed, full, page, alice, client_of: ClientOf):
    answer = client_of(alice).post(page, {"name": typed})
    assert answer.status_code == 422
    said = answer.content.decode()
    assert ("Type “Terms of service”, capitals too." in said) == bool(typed) and "errorlist" in said
    full.refresh_from_db()
    assert not full.is_going


def test_an_open_project_has_to_be_archived_first(other, alice, client_of: ClientOf):
    url = reverse("project-delete", args=[other.slug])
    for answer in (
        client_of(alice).get(url, follow=True),
        client_of(alice).post(url, {"name": "Another"}, follow=True),
    ):
        assert answer.redirect_chain == [(reverse("project-settings", args=[other.slug]), 302)]
        assert "Archive “Another” first" in answer.content.decode()
    assert not deleting.ask_for_deletion(project=other, name=other.name)
    other.refresh_from_db()
    assert not other.is_going


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_else_may(method, full, page, bob, rita, mallory, client_of: ClientOf):
    refused_to_others(client_of, page, method=method, bob=bob, rita=rita, mallory=mallory)
    full.refresh_from_db()
    assert not full.is_going


def test_it_wants_a_csrf_token(full, page, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.post(page, {"name": full.name}).status_code == 403


def test_the_log_says_who_asked(full, page, alice, client_of: ClientOf):
    with capture_logs() as logged:
        client_of(alice).post(page, {"name": full.name})
    who = {"project": full.pk, "slug": full.slug, "name": full.name, "user": "alice"}
    assert [line for line in logged if line["event"] == "deletion_asked"] == [
        {"event": "deletion_asked", "log_level": "warning"} | who
    ]


def test_one_that_is_brought_back_in_the_same_moment_is_not_said_to_be_deleted(
    full, page, alice, monkeypatch, client_of: ClientOf
):
    ask = deleting.ask_for_deletion

    def too_late(**asked: Any) -> bool:
        archiving.bring_back(project=full)
        return ask(**asked)

    monkeypatch.setattr(deleting, "ask_for_deletion", too_late)
    said = client_of(alice).post(page, {"name": full.name}, follow=True).content.decode()
    assert "is being deleted" not in said and "Archive “Terms of service” first" in said


LAST = "It is the only project that you manage."


def test_who_may_make_no_other_afterwards_is_told(full, other, page, alice, client_of: ClientOf):
    assert LAST not in client_of(alice).get(page).content.decode()
    Project.objects.filter(pk=other.pk).update(archived_at=timezone.now(), deletion_asked_at=timezone.now())
    assert LAST in client_of(alice).get(page).content.decode()
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert LAST not in client_of(alice).get(page).content.decode()


def test_the_page_brings_it_back_for_a_last_download(full, page, alice, client_of: ClientOf):
    shown = client_of(alice).get(page).content.decode()
    assert "To keep the labels or a model, bring it back and download them first." in shown
    assert f'method="post" action="{reverse("project-bring-back", args=[full.slug])}"' in shown


def test_from_then_on_it_cannot_be_brought_back(asked, alice, client_of: ClientOf):
    assert not archiving.bring_back(project=asked)
    url = reverse("project-bring-back", args=[asked.slug])
    said = client_of(alice).post(url, follow=True).content.decode()
    assert "is being deleted; it cannot be brought back." in said
    answer = client_of(alice).get(reverse("project", args=[asked.slug]))
    assert answer.status_code == 403 and "“Terms of service” is being deleted for good." in answer.content.decode()


def test_asking_twice_is_asking_once(asked, alice, client_of: ClientOf):
    since = Project.objects.get(pk=asked.pk).deletion_asked_at
    assert not deleting.ask_for_deletion(project=asked, name=asked.name)
    answer = client_of(alice).get(reverse("project-delete", args=[asked.slug]))
    assert answer["Location"] == reverse("projects")
    assert Project.objects.get(pk=asked.pk).deletion_asked_at == since


# --- The list ---


def test_the_list_asks_for_itself_until_the_project_is_gone(asked, alice, client_of: ClientOf):
    browser = client_of(alice)
    browser.headers = {"HX-Request": "true"}  # type: ignore[attr-defined]
    shown = browser.get(reverse("projects")).content.decode()
    found = re.search(r'hx-get="([^"]+)"', shown[shown.index('id="archived"') :])
    assert found is not None
    headers = {"HX-Request": "true"}
    assert browser.get(found[1], headers=headers).status_code == 204
    deleting.carry_on(asked.pk)
    answer = browser.get(found[1], headers=headers)
    assert "Nothing is archived any more." in answer.content.decode() and "hx-get" not in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_nothing_is_promised_back_while_all_are_being_deleted(asked, other, alice, client_of: ClientOf):
    archiving.archive(project=other)
    promise = "Below are those that you can bring back."
    assert promise in client_of(alice).get(reverse("projects")).content.decode()
    deleting.ask_for_deletion(project=other, name=other.name)
    page = client_of(alice).get(reverse("projects")).content.decode()
    assert "None of your projects is open." in page and promise not in page


def test_who_manages_it_sees_until_the_end_that_it_is_going(asked, alice, client_of: ClientOf, monkeypatch):
    listed: list[str] = []
    delete = Table.delete

    def and_look(table: Table, keys: list[int]) -> None:
        delete(table, keys)
        listed.append(client_of(alice).get(reverse("projects")).content.decode())

    monkeypatch.setattr(Table, "delete", and_look)
    assert deleting.carry_on(asked.pk)
    assert listed and all("is being deleted" in page for page in listed)

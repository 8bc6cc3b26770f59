"""One link lets one person in, once, within fourteen days."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from labeller.projects import invitations
from labeller.projects.models import Invitation, Membership, Role, User
from labeller.projects.redaction import HideInvitations, without_tokens
from tests.cast import PASSWORD, make_project, make_user
from tests.projects.refusals import ClientOf

ACCOUNT = {"username": "charlie", "email": "", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def link(project, alice) -> Invitation:
    return invitations.invite(project=project, role=Role.ANNOTATOR, created_by=alice)


def at(link: Invitation, name: str = "invitation") -> str:
    return reverse(name, args=[link.token])


def close(link: Invitation, how: str) -> None:
    now = timezone.now()
    field = {"used": "accepted_at", "withdrawn": "revoked_at", "expired": "expires_at"}[how]
    Invitation.objects.filter(pk=link.pk).update(**{field: now - timedelta(seconds=1)})


def test_a_manager_makes_a_link_and_sees_it_among_the_open_ones(project, alice, client_of: ClientOf):
    response = client_of(alice).post(reverse("member-invite", args=[project.slug]), {"role": "reader"}, follow=True)
    link = Invitation.objects.get(project=project)
    assert f"http://testserver{at(link)}" in response.content.decode()
    assert timedelta(days=13, hours=23) < link.expires_at - timezone.now() <= timedelta(days=14)


def test_a_link_for_an_unknown_role_is_refused_in_a_sentence(project, alice, client_of: ClientOf):
    response = client_of(alice).post(reverse("member-invite", args=[project.slug]), {"role": "king"})
    assert response.status_code == 422
    assert "is not a role" in response.content.decode()


def test_somebody_signed_in_joins_with_one_button(link, project, mallory, client_of: ClientOf):
    browser = client_of(mallory)
    assert "Join as mallory" in browser.get(at(link)).content.decode()
    assert not Membership.objects.filter(project=project, user=mallory).exists()  # looking is not joining
    browser.post(at(link, "invitation-accept"))
    assert Membership.objects.get(project=project, user=mallory).role == Role.ANNOTATOR


def test_a_stranger_makes_an_account_and_is_a_member(link, project):
    browser = Client()
    assert "Make an account" in browser.get(at(link)).content.decode()
    door = browser.post(at(link, "invitation-account"))
    assert link.token not in door["Location"]
    response = browser.post(door["Location"], ACCOUNT | {"next": reverse("project", args=[project.slug])})
    assert response["Location"] == reverse("project", args=[project.slug])
    assert browser.get(response["Location"]).status_code == 200
    assert Membership.objects.get(project=project, user__username="charlie").role == Role.ANNOTATOR


def test_a_stranger_with_an_account_signs_in_and_comes_back_to_the_link(link, mallory):
    browser = Client()
    answer = {"login": "mallory", "password": PASSWORD, "next": at(link)}
    response = browser.post(reverse("account_login"), answer)
    assert response["Location"] == at(link)


def test_a_weak_password_is_refused_and_the_link_stays_open(link):
    browser = Client()
    browser.post(at(link, "invitation-account"))
    response = browser.post(reverse("account_signup"), ACCOUNT | {"password1": "12345678", "password2": "12345678"})
    assert "too short" in response.content.decode()
    link.refresh_from_db()
    assert link.is_open
    assert not User.objects.filter(username="charlie").exists()


def test_sign_up_is_closed_to_everybody_else(link):
    Client().post(at(link, "invitation-account"))  # opens it for that session only
    for response in (Client().get(reverse("account_signup")), Client().post(reverse("account_signup"), ACCOUNT)):
        assert "Sign-up is closed" in response.content.decode()
    assert not User.objects.filter(username="charlie").exists()


def test_one_session_makes_one_account(link):
    browser = Client()
    browser.post(at(link, "invitation-account"))
    browser.post(reverse("account_signup"), ACCOUNT)
    browser.post(reverse("account_logout"))
    browser.post(reverse("account_signup"), ACCOUNT | {"username": "dora"})
    assert not User.objects.filter(username="dora").exists()


@pytest.mark.parametrize("how", ["used", "withdrawn", "expired"])
def test_a_closed_link_says_why_and_opens_nothing(how, link, project, mallory, client_of: ClientOf):
    visitor = Client()
    visitor.post(at(link, "invitation-account"))  # while it was open
    close(link, how)
    page = client_of(mallory).get(at(link))
    assert page.status_code == 410
    assert how in page.content.decode()
    client_of(mallory).post(at(link, "invitation-accept"))
    assert not Membership.objects.filter(project=project, user=mallory).exists()
    assert "Sign-up is closed" in visitor.post(reverse("account_signup"), ACCOUNT).content.decode()


def test_a_member_who_follows_the_link_leaves_it_for_somebody_else(link, project, bob, client_of: ClientOf):
    assert client_of(bob).get(at(link))["Location"] == reverse("project", args=[project.slug])
    client_of(bob).post(at(link, "invitation-accept"))
    link.refresh_from_db()
    assert link.is_open


def test_a_link_lost_while_the_account_is_made_makes_no_account(link, project, mallory, monkeypatch):
    """Somebody else joins between the check that the door is open and the insert."""
    browser = Client()
    browser.post(at(link, "invitation-account"))
    make = User.save

    def overtaken(user, *args, **kwargs):
        make(user, *args, **kwargs)
        Invitation.objects.filter(pk=link.pk).update(accepted_at=timezone.now())

    monkeypatch.setattr(User, "save", overtaken)
    response = browser.post(reverse("account_signup"), ACCOUNT)
    assert response.status_code == 302
    assert not User.objects.filter(username="charlie").exists()


def test_a_manager_withdraws_a_link_once(link, project, alice, client_of: ClientOf):
    url = reverse("invitation-revoke", args=[project.slug, link.pk])
    assert "withdrawn" in client_of(alice).post(url, follow=True).content.decode()
    assert "used or withdrawn already" in client_of(alice).post(url, follow=True).content.decode()


def test_a_link_of_another_project_cannot_be_withdrawn(project, alice, client_of: ClientOf):
    other = invitations.invite(project=make_project(name="Other"), role=Role.READER, created_by=alice)
    assert client_of(alice).post(reverse("invitation-revoke", args=[project.slug, other.pk])).status_code == 404
    other.refresh_from_db()
    assert other.is_open


def test_an_unknown_token_is_not_found(db):
    assert Client().get(reverse("invitation", args=["nothing"])).status_code == 404
    assert Client().get("/invite/%00/").status_code == 404, "PostgreSQL refuses to look for a NUL"


def test_joining_rejects_get_and_wants_somebody_signed_in(link, mallory, client_of: ClientOf):
    assert client_of(mallory).get(at(link, "invitation-accept")).status_code == 405
    assert Client().get(at(link, "invitation-account")).status_code == 405
    assert Client().post(at(link, "invitation-accept"))["Location"].startswith("/accounts/login/")


@pytest.mark.django_db(transaction=True)
def test_of_four_people_with_one_link_one_comes_in():
    project, manager = make_project(), make_user("alice")
    link = invitations.invite(project=project, role=Role.ANNOTATOR, created_by=manager)
    people, start, outcomes = [make_user(f"person{number}") for number in range(4)], threading.Barrier(4), []

    def follow(user: User) -> None:
        try:
            start.wait(timeout=10)
            invitations.accept(invitation=Invitation.objects.get(pk=link.pk), user=user)
            outcomes.append("in")
        except invitations.InvitationClosed as closed:
            outcomes.append(str(closed))
        finally:
            connection.close()

    threads = [threading.Thread(target=follow, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes)[-1] == "in"
    assert sum("has been used" in outcome for outcome in outcomes) == 3
    assert project.memberships.count() == 1


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/invite/abc_DEF-123/", "/invite/***/"),
        ("/accounts/login/?next=/invite/abc/", "/accounts/login/?next=/invite/***/"),
        ("next=%2Finvite%2Fabc%2F", "next=%2Finvite%2F***%2F"),
        ("/p/terms/", "/p/terms/"),
    ],
)
def test_log_lines_do_not_show_tokens(path, shown):
    assert without_tokens(path) == shown


def test_the_request_log_hides_the_token_of_a_closed_link(link, mallory, client_of: ClientOf, caplog):
    assert any(isinstance(found, HideInvitations) for found in logging.getLogger("gunicorn.access").filters)
    close(link, "used")
    request_log = logging.getLogger("django.request")
    caplog.set_level(logging.INFO, logger="django.request")
    request_log.addHandler(caplog.handler)  # the house's configuration does not hand its records up to the root
    try:
        client_of(mallory).get(at(link))
    finally:
        request_log.removeHandler(caplog.handler)
    assert "/invite/***/" in caplog.text
    assert link.token not in caplog.text

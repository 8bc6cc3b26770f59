"""Roles, and the rule that somebody must be left to manage."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse

from labeller.projects.models import Membership, Project, Role, User
from labeller.projects.services import LastManager, change_role, remove_member
from tests.cast import join
from tests.projects.refusals import ClientOf


def member(project: Project, user: User) -> Membership:
    return Membership.objects.get(project=project, user=user)


def test_the_page_lists_members_with_their_roles(project, alice, client_of: ClientOf):
    page = client_of(alice).get(reverse("members", args=[project.slug])).content.decode()
    for name in ("alice", "bob", "rita"):
        assert f"<b>{name}</b>" in page


def test_a_manager_changes_a_role(project, alice, bob, client_of: ClientOf):
    url = reverse("member-role", args=[project.slug, member(project, bob).pk])
    assert client_of(alice).post(url, {"role": "reader"}).status_code == 302
    assert member(project, bob).role == Role.READER


def test_an_unknown_role_is_refused_in_a_sentence(project, alice, bob, client_of: ClientOf):
    url = reverse("member-role", args=[project.slug, member(project, bob).pk])
    response = client_of(alice).post(url, {"role": "king"})
    assert response.status_code == 422
    assert "is not a role" in response.content.decode()
    assert member(project, bob).role == Role.ANNOTATOR


@pytest.mark.parametrize("action", ["member-role", "member-remove"])
def test_the_last_manager_stays_and_the_page_says_why(action, project, alice, client_of: ClientOf):
    url = reverse(action, args=[project.slug, member(project, alice).pk])
    response = client_of(alice).post(url, {"role": "reader"}, follow=True)
    assert "alice is the only manager of this project." in response.content.decode()
    assert member(project, alice).role == Role.MANAGER


def test_one_of_two_managers_may_step_down_and_lands_where_they_may_be(project, alice, mallory, client_of: ClientOf):
    join(project, mallory, Role.MANAGER)
    url = reverse("member-role", args=[project.slug, member(project, alice).pk])
    response = client_of(alice).post(url, {"role": "reader"}, follow=True)
    assert response.status_code == 200
    assert response.redirect_chain == [(reverse("project", args=[project.slug]), 302)]


def test_a_removed_member_is_a_stranger_at_once(project, alice, bob, client_of: ClientOf):
    browser = client_of(bob)
    assert browser.get(reverse("project", args=[project.slug])).status_code == 200
    client_of(alice).post(reverse("member-remove", args=[project.slug, member(project, bob).pk]))
    assert browser.get(reverse("project", args=[project.slug])).status_code == 404


@pytest.mark.parametrize("act", [remove_member, lambda membership: change_role(membership=membership, role="reader")])
def test_who_was_made_the_only_manager_a_moment_ago_stays(act, project, alice, bob):
    """The request read Bob's role before; the database knows it at the lock."""
    before = member(project, bob)
    Membership.objects.filter(pk=before.pk).update(role=Role.MANAGER)
    member(project, alice).delete()
    with pytest.raises(LastManager, match="bob is the only manager"):
        act(membership=before)
    assert member(project, bob).role == Role.MANAGER


@pytest.mark.parametrize(
    ("action", "said"),
    [("member-role", "bob is not a member of this project any more."), ("member-remove", "bob is no longer a member.")],
)
def test_of_a_member_who_was_removed_between_two_clicks_the_page_says_so(
    action, said, project, alice, bob, client_of: ClientOf, monkeypatch
):
    def overtaken(*args: object, **kwargs: object) -> Membership:
        found = get_object_or_404(*args, **kwargs)
        Membership.objects.filter(pk=found.pk).delete()
        return found

    monkeypatch.setattr("labeller.projects.member_views.get_object_or_404", overtaken)
    url = reverse(action, args=[project.slug, member(project, bob).pk])
    response = client_of(alice).post(url, {"role": "reader"}, follow=True)
    assert response.status_code == 200 and said in response.content.decode()


def test_a_membership_of_another_project_is_not_found(project, alice, mallory, client_of: ClientOf):
    from tests.cast import make_project

    other = join(make_project(name="Other"), mallory)
    assert client_of(alice).post(reverse("member-remove", args=[project.slug, other.pk])).status_code == 404


def test_the_database_refuses_a_second_membership(project, bob):
    with pytest.raises(IntegrityError), transaction.atomic():
        join(project, bob, Role.READER)

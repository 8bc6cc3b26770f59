"""Who may not, on every page and action of a project's settings."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from labeller.projects import invitations
from labeller.projects.models import Label, Membership, Project, User
from tests.projects.refusals import ClientOf, refused_to_others

PAGES = ["project-settings", "labels", "members"]
POSTS = [
    "label-add",
    "label-move",
    "label-delete",
    "member-invite",
    "member-role",
    "member-remove",
    "invitation-revoke",
]
ASKED_ABOUT = ["label-delete", "member-remove", "invitation-revoke"]  # cannot be taken back


def _url(name: str, project: Project, alice: User) -> str:
    arguments: list[object] = [project.slug]
    if name.startswith("label-") and name != "label-add":
        arguments.append(project.labels.first().pk)  # type: ignore[union-attr]
    elif name in ("member-role", "member-remove"):
        arguments.append(Membership.objects.get(project=project, user=alice).pk)
    elif name == "invitation-revoke":
        arguments.append(invitations.invite(project=project, role="reader", created_by=alice).pk)
    return reverse(name, args=arguments)


@pytest.mark.parametrize("name", [*PAGES, "label-edit"])
def test_settings_pages_are_for_managers(name, project, alice, bob, rita, mallory, client_of: ClientOf):
    url = _url(name, project, alice)
    assert client_of(alice).get(url).status_code == 200
    refused_to_others(client_of, url, method="get", bob=bob, rita=rita, mallory=mallory)


@pytest.mark.parametrize("name", POSTS)
def test_actions_are_for_managers_and_change_nothing_for_others(
    name, project, alice, bob, rita, mallory, client_of: ClientOf
):
    url = _url(name, project, alice)
    before = _state(project)
    refused_to_others(client_of, url, method="post", bob=bob, rita=rita, mallory=mallory)
    assert _state(project) == before


@pytest.mark.parametrize("name", [name for name in POSTS if name not in ASKED_ABOUT])
def test_actions_reject_get(name, project, alice, client_of: ClientOf):
    assert client_of(alice).get(_url(name, project, alice)).status_code == 405


@pytest.mark.parametrize("name", ASKED_ABOUT)
def test_what_cannot_be_taken_back_is_asked_about_first(name, project, alice, bob, rita, mallory, client_of: ClientOf):
    url = _url(name, project, alice)
    before = _state(project)
    page = client_of(alice).get(url).content.decode()
    assert '<form class="row" method="post">' in page and 'class="button danger"' in page
    assert "?</h1>" in page
    refused_to_others(client_of, url, method="get", bob=bob, rita=rita, mallory=mallory)
    assert _state(project) == before


@pytest.mark.parametrize("name", ASKED_ABOUT)
def test_no_page_does_it_at_one_click(name, project, alice, client_of: ClientOf):
    url = _url(name, project, alice)
    for page in ("members", "labels"):
        shown = client_of(alice).get(reverse(page, args=[project.slug])).content.decode()
        assert f'action="{url}"' not in shown
    first = project.labels.first()
    edit = client_of(alice).get(reverse("label-edit", args=[project.slug, first.pk])).content.decode()
    assert f'action="{url}"' not in edit
    assert f'href="{url}"' in edit + client_of(alice).get(reverse("members", args=[project.slug])).content.decode()


@pytest.mark.parametrize("name", POSTS)
def test_actions_want_a_csrf_token(name, project, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    before = _state(project)
    assert browser.post(_url(name, project, alice)).status_code == 403
    assert _state(project)[:3] == before[:3]


@pytest.mark.parametrize("name", ["label-edit", "label-move", "label-delete"])
def test_a_label_of_another_project_is_not_found(name, project, alice, client_of: ClientOf):
    from tests.cast import make_project

    other = make_project(name="Other").labels.first()
    assert client_of(alice).post(reverse(name, args=[project.slug, other.pk])).status_code == 404  # type: ignore[union-attr]


def _state(project: Project) -> tuple[object, ...]:
    return (
        list(Label.objects.filter(project=project).values_list("pk", "name", "position")),
        list(Membership.objects.filter(project=project).values_list("user_id", "role")),
        project.invitations.filter(revoked_at__isnull=False).count(),
    )

"""Who keeps the server switches accounts off, and says who may make projects."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from labeller.projects.models import Project, User
from labeller.projects.selectors import may_create_projects, who_label
from tests.cast import PASSWORD
from tests.projects.refusals import ClientOf


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    call_command("set_account", *arguments, "--json")
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


class TestSwitchedOff:
    def test_its_open_sessions_end_and_its_password_opens_nothing(
        self, bob: User, client_of: ClientOf, capsys: pytest.CaptureFixture[str]
    ) -> None:
        browser = client_of(bob)
        assert browser.get(reverse("projects")).status_code == 200
        assert told(capsys, "bob", "--account", "off") == {"username": "bob", "account": False, "staff": False}
        assert browser.get(reverse("projects")).status_code == 302
        other = Client()
        other.post(reverse("account_login"), {"login": "bob", "password": PASSWORD})
        assert "_auth_user_id" not in other.session and other.get(reverse("projects")).status_code == 302

    def test_it_is_asked_nothing_and_is_a_member_still(self, project: Project, bob: User) -> None:
        call_command("set_account", "bob", "--account", "off", "--json")
        assert not who_label(project).filter(user=bob).exists()
        assert project.memberships.filter(user=bob).exists()

    def test_switched_on_again_it_is_as_before(self, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
        told(capsys, "bob", "--account", "off")
        assert told(capsys, "bob", "--account", "on")["account"] is True
        assert Client().login(username="bob", password=PASSWORD)


@pytest.mark.django_db
class TestStaff:
    def test_it_may_make_projects_until_that_is_taken_back(
        self, mallory: User, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert not may_create_projects(mallory)
        for value, may in (("on", True), ("off", False)):
            assert told(capsys, "mallory", "--staff", value)["staff"] is may
            assert may_create_projects(User.objects.get(username="mallory")) is may


@pytest.mark.django_db
class TestAsked:
    def test_without_a_change_it_says_how_the_account_is(self, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("set_account", "bob")
        said = "The account bob can be signed in to and makes projects only while it manages one.\n"
        assert capsys.readouterr().out == said

    def test_an_unknown_name_ends_with_2_and_a_sentence(self) -> None:
        with pytest.raises(CommandError, match="There is no account named 'nobody'") as refused:
            call_command("set_account", "nobody", "--account", "off")
        assert refused.value.returncode == 2

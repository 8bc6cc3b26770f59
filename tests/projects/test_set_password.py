"""A forgotten password, where no mail is sent."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from labeller.projects.models import User
from tests.cast import PASSWORD
from tests.projects.refusals import ClientOf


def test_the_printed_password_opens_the_account_and_the_old_one_does_not(
    bob: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("set_password", "bob", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["username"] == "bob"
    assert Client().login(username="bob", password=said["password"])
    assert not Client().login(username="bob", password=PASSWORD)


def test_it_is_another_one_each_time_and_is_said_in_a_sentence(bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for _ in range(2):
        call_command("set_password", "bob")
        said.append(capsys.readouterr().out)
    assert said[0].startswith("bob signs in with ") and said[0] != said[1]


def test_open_sessions_end(bob: User, client_of: ClientOf) -> None:
    browser = client_of(bob)
    assert browser.get(reverse("projects")).status_code == 200
    call_command("set_password", "bob", "--json")
    assert browser.get(reverse("projects")).status_code == 302


@pytest.mark.django_db
def test_an_unknown_name_ends_with_2_and_a_sentence() -> None:
    with pytest.raises(CommandError, match="There is no account named 'nobody'") as refused:
        call_command("set_password", "nobody")
    assert refused.value.returncode == 2

"""What the settings make of an owner's variables."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from labeller import settings as own
from labeller.projects.models import User
from tests.cast import PASSWORD


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings as a server reads them that is started with these variables."""
    monkeypatch.setenv("LABELLER_HOME", str(tmp_path))

    def with_variables(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(own.__file__))

    return with_variables


def test_two_houses_on_one_host_keep_their_cookies_apart(read: Any, tmp_path: Path) -> None:
    here, there = read(), read(LABELLER_HOME=str(tmp_path / "other"))
    for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        assert here[name] != there[name] == read()[name]  # and a restart signs nobody out


def test_one_proxy_is_trusted_where_there_is_one(read: Any) -> None:
    assert read()["ALLAUTH_TRUSTED_PROXY_COUNT"] == 0
    assert read(LABELLER_HTTPS="True")["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


def sign_in(address: str, name: str) -> bool:
    browser = Client(headers={"x-forwarded-for": f"198.51.100.7, {address}"})  # the first is of the visitor's making
    page = browser.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    return page.status_code == 302


@pytest.mark.parametrize(("proxies", "others_get_in"), [(0, False), (1, True)])
def test_behind_a_proxy_who_guesses_locks_out_only_himself(
    proxies: int, others_get_in: bool, bob: User, settings: Settings
) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": f"proxies {proxies}"}
    }
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for number in range(11):
        assert not sign_in("203.0.113.1", f"nobody-{number}")
    assert not sign_in("203.0.113.1", "bob")
    assert sign_in("203.0.113.2", "bob") is others_get_in


def test_a_house_that_is_made_is_the_owner_s_alone(read: Any, tmp_path: Path) -> None:
    home = tmp_path / "house"
    read(LABELLER_HOME=str(home))
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_request_by_an_unknown_name_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert Client(headers={"host": "scanner.example"}).get("/").status_code == 400
    (line,) = [record for record in caplog.records if record.name == "django.security.DisallowedHost"]
    assert "scanner.example" in line.getMessage() and not line.exc_info

"""The installation's secret is made once, whoever starts first."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

import pytest

from labeller import environment

NAME = "LABELLER_NO_SUCH_SECRET"


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret_key"
    made = environment.secret(NAME, path)
    assert len(made) > 50 and environment.secret(NAME, path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and [one.name for one in path.parent.iterdir()] == ["secret_key"]


def test_two_first_starts_on_shared_storage_have_one_whole_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes while the first is making it."""
    path, make, second = tmp_path / "secret_key", secrets.token_urlsafe, []

    def make_while_another_starts(length: int) -> str:
        monkeypatch.setattr(secrets, "token_urlsafe", make)
        second.append(environment.secret(NAME, path))
        return make(length)

    monkeypatch.setattr(secrets, "token_urlsafe", make_while_another_starts)
    first = environment.secret(NAME, path)
    assert len(first) > 50 and second == [first]


def test_it_is_made_on_a_file_system_without_links_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    path = tmp_path / "home" / "secret_key"
    assert len(environment.secret(NAME, path)) > 50 and list(path.parent.iterdir()) == [path]

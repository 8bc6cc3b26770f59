"""Typed readers of environment variables: a wrong value stops the start with a sentence, not a surprise later."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

KEY = re.compile(r"[A-Za-z0-9._-]{1,80}")


def text(name: str, default: str) -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool) -> bool:
    """True or False. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"Unexpected value {name}={value}: use 'True' or 'False'.")
    return value == "True"


def one_of(name: str, default: str, known: list[str]) -> str:
    """One of the known words. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name) or default
    if value not in known:
        raise ImproperlyConfigured(f"Unexpected value {name}={value}: use one of {', '.join(known)}.")
    return value


def time_zone(name: str, default: str) -> str:
    """A zone that this machine knows. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name) or default
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, a path, a folder of zones
        problem = f"Unexpected value {name}={value}: name a time zone, such as Europe/Berlin."
        raise ImproperlyConfigured(problem) from None
    return value


def database(name: str, default: str) -> dict[str, Any]:
    """Django's settings of the database at this address. Raises ImproperlyConfigured for what is none; the sentence
    leaves the address out, which may hold a password."""
    try:
        found = dj_database_url.parse(os.environ.get(name) or default, conn_max_age=600, conn_health_checks=True)
    except ValueError:  # no scheme, an unknown one, or a port that is no number
        found = {}
    if not found.get("ENGINE") or not found.get("NAME"):
        raise ImproperlyConfigured(
            f"Unexpected value of {name}: write postgres://user:password@host:5432/name, or sqlite:////path/to/file."
        )
    return dict(found)


def whole_number(name: str, default: int, *, least: int = 0) -> int:
    """An integer of at least `least`. Raises ImproperlyConfigured otherwise."""
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"Unexpected value {name}={value}: use a whole number.") from None
    if number < least:
        raise ImproperlyConfigured(f"Unexpected value {name}={number}: use {least} or more.")
    return number


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    value = os.environ.get(name)
    return default if not value else [part.strip() for part in value.split(",") if part.strip()]


def named(name: str, taken: dict[str, str]) -> dict[str, str]:
    """`taken` and the pairs of a comma-separated list `key=value,…`. A key becomes part of a folder's name, where
    whole numbers mean something else. Raises ImproperlyConfigured for anything but such pairs, and for a key twice."""
    found = dict(taken)
    for pair in words(name, []):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not value or not KEY.fullmatch(key) or key.isdigit():
            raise ImproperlyConfigured(
                f"Unexpected part '{pair}' of {name}: write key=value, the key of letters, digits and . _ - "
                "(80 at most, not a number alone)."
            )
        if key in found:
            raise ImproperlyConfigured(f"{name} names '{key}' a second time: choose another key.")
        found[key] = value
    return found


def json_object(name: str) -> dict[str, Any]:
    """A JSON object, {} when the variable is empty. Raises ImproperlyConfigured for anything else, and for a key twice:
    JSON would take the last without a word."""
    written = os.environ.get(name) or "{}"

    def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for at, key in enumerate(keys):
            if key in keys[:at]:
                raise ImproperlyConfigured(f"Unexpected value of {name}: it names '{key}' twice.")
        return dict(pairs)

    try:
        value = json.loads(written, object_pairs_hook=each_once)
    except ValueError as problem:
        raise ImproperlyConfigured(f"Unexpected value of {name}: it is not JSON ({problem}).") from None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"Unexpected value of {name}: write a JSON object, {{…}}.")
    return value


def folder(name: str, default: Path) -> Path:
    """A folder that can be written to; made when missing. Raises ImproperlyConfigured otherwise."""
    path = Path(text(name, str(default))).resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # people's texts: other accounts have no business there
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as problem:
        raise ImproperlyConfigured(
            f"Cannot write in {path} ({problem.strerror}). Name a folder of your own: {name}=/path/to/folder."
        ) from None
    return path


def secret(name: str, path: Path) -> str:
    """The variable, or else the file's content; the file is made (mode 600) with a random secret when missing."""
    value = os.environ.get(name)
    if value:
        return value
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _put_whole(path, secrets.token_urlsafe(50))
    return path.read_text().strip()


def _put_whole(path: Path, content: str) -> None:
    """Under a name of its own first: who looks meanwhile, as a first start on another host may, finds none or all of
    it. Nothing when somebody else has put theirs there by then."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    _write_new(part, content)
    try:
        os.link(part, path)  # unlike a renaming it leaves what is there
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        with contextlib.suppress(FileExistsError):
            _write_new(path, content)
    finally:
        part.unlink()


def _write_new(path: Path, content: str) -> None:
    """For its owner alone. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)

"""A body that nobody may send is refused before a byte of it is read or kept."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as own
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from pytest_django import Settings

from labeller.projects.models import Project, User

pytestmark = pytest.mark.django_db
MEGABYTE = 1024 * 1024


class Watched(io.BytesIO):
    """A request body that knows whether anybody read it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece


def body(megabytes: float) -> bytes:
    file = io.BytesIO(b"text\n" + b"A clause.\n" * int(megabytes * MEGABYTE / 10))
    file.name = "texts.csv"
    return encode_multipart(BOUNDARY, {"csrfmiddlewaretoken": "a" * 32, "file": file})


def send(client: Client, path: str, content: bytes, **extra: Any) -> tuple[Any, Watched]:
    watched = Watched(content)
    reply = client.generic("POST", path, b"", MULTIPART_CONTENT, **extra | {
        "wsgi.input": watched, "CONTENT_LENGTH": str(len(content)), "CONTENT_TYPE": MULTIPART_CONTENT,
    })  # fmt: skip
    return reply, watched


@pytest.fixture
def spool(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    return folder


@pytest.fixture
def stranger() -> Client:
    """Checks CSRF as a server does, and carries a cookie of its own making."""
    client = Client(enforce_csrf_checks=True)
    client.cookies[own.CSRF_COOKIE_NAME] = "a" * 32
    client.cookies[own.SESSION_COOKIE_NAME] = "made-up-by-a-stranger-abcdefgh12"
    return client


@pytest.mark.parametrize("name", ["import-new", "account_login"])
@pytest.mark.parametrize(("megabytes", "told"), [(2.5, "2.5 MB"), (0.1, "103 kB")])
def test_a_stranger_sends_no_file(
    name: str, megabytes: float, told: str, stranger: Client, project: Project, spool: Path
) -> None:
    path = reverse(name, args=[project.slug] if name == "import-new" else [])
    reply, watched = send(stranger, path, body(megabytes))
    assert reply.status_code == 413
    assert f"{told} were sent; at most 64 kB can be taken before signing in." in reply.content.decode()
    assert watched.taken == 0 and not list(spool.iterdir())


def test_a_form_of_usual_size_passes(stranger: Client) -> None:
    reply, _ = send(stranger, reverse("account_login"), body(0.05))
    assert reply.status_code == 200


def test_a_member_sends_no_more_than_the_limit(
    alice: User, client_of: Any, project: Project, settings: Settings
) -> None:
    settings.UPLOAD_LIMIT = 3 * MEGABYTE
    path = reverse("import-new", args=[project.slug])
    reply, watched = send(client_of(alice), path, body(5.5))
    assert reply.status_code == 413 and watched.taken == 0
    assert (
        "5.5 MB were sent; at most 3.0 MB can be taken. Split the file, or have it imported by command."
        in reply.content.decode()
    )
    reply, watched = send(client_of(alice), path, body(2.5))
    assert reply.status_code == 302 and watched.taken > 2 * MEGABYTE


def test_a_script_is_told_in_json(stranger: Client, project: Project) -> None:
    reply, _ = send(stranger, reverse("label-answer", args=[project.slug]), body(3), HTTP_ACCEPT="application/json")
    assert reply.status_code == 413 and reply.json()["error"].startswith("3.0 MB were sent")

"""Whether a port is free, and whether the first page answers."""

from __future__ import annotations

import errno
import http.client
import socket

from django.conf import settings
from django.core.management import CommandError

FIRST_PAGE = "/accounts/login/"  # spelt out: looking it up would load every view into the supervisor


class PageFailed(Exception):
    """The server answers, but not with the page."""


def require_free_port(host: str, port: int) -> None:
    """Raises CommandError with the way out when nobody can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As gunicorn does: a port that a stopped server left in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                sentence = f"Port {port} is taken; choose another: make run PORT={port + 1}"
            elif problem.errno == errno.EACCES:
                sentence = f"Port {port} needs root; choose one from 1024 on: make run PORT=8000"
            else:
                sentence = f"Cannot listen on {host}:{port}: {problem.strerror}."
            raise CommandError(sentence, returncode=2) from None


def page_answers(host: str, port: int) -> bool:
    """Whether the sign-in page comes, whole. Raises PageFailed when an error comes instead."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    headers = {"Host": _allowed_host()} | ({"X-Forwarded-Proto": "https"} if settings.HTTPS else {})
    try:
        connection.request("GET", FIRST_PAGE, headers=headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return False  # nobody listens yet
    finally:
        connection.close()
    if answer.status != 200:
        raise PageFailed(f"The first page fails (HTTP {answer.status}). The lines above, or the settings, say why.")
    return True


def _allowed_host() -> str:
    """A host name that ALLOWED_HOSTS lets through."""
    first = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    return "localhost" if first == "*" else first.removeprefix(".")

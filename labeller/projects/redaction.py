"""Keeps invitation tokens out of the logs: a path is logged, and whoever reads the log could join."""

from __future__ import annotations

import logging
import re

LOGGERS = (
    "django.request",
    "django.server",
    "django.security.csrf",
    "django.security.SuspiciousOperation",
    "gunicorn.access",
)
_TOKEN = re.compile(r"(invite(?:/|%2F))[A-Za-z0-9_-]+", re.IGNORECASE)


def without_tokens(text: str) -> str:
    return _TOKEN.sub(r"\1***", text)


class HideInvitations(logging.Filter):
    """Rewrites the record's message; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "invite" in message.lower():
            record.msg, record.args = without_tokens(message), ()
        return True


def install() -> None:
    for name in LOGGERS:
        logging.getLogger(name).addFilter(HideInvitations())

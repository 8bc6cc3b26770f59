"""What every database, file and other program can hold, whatever comes in from outside."""

from __future__ import annotations

from typing import Literal

Fault = Literal["a NUL", "half a pair"]


def fault_of(value: str) -> Fault | None:
    """Why this cannot be stored: PostgreSQL takes no NUL, and half of a surrogate pair has no bytes in UTF-8."""
    if "\x00" in value:
        return "a NUL"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "half a pair"
    return None

"""What an address asks for, read with care."""

from __future__ import annotations


def number(value: str | None) -> int | None:
    """A whole number as somebody may have typed it into the address; None for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else None

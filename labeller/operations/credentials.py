"""The demo's accounts: random passwords, shown once, kept for the owner in a file that only the owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

# Without letters that look like others: people type these from a terminal into a phone.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """Four groups of four, 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def save(path: Path, passwords: dict[str, str]) -> None:
    """Replaces the file; nobody but its owner can read it at any moment. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(
            "# The demo's accounts as they were made. Change a password on the account page, then delete this.\n"
        )
        file.writelines(f"{name} {password}\n" for name, password in passwords.items())
    unfinished.replace(path)

"""A file of labelled texts, read line by line: what is taken, and what is refused with its line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIKE = 'like {"text": "…", "label": "name"} or {"text": "…", "labels": ["name"]}'


class ReplayRefused(ValueError):
    """The file or the wish cannot be played; the message is a sentence that says why."""


@dataclass(frozen=True)
class Known:
    """A text and the names of its labels."""

    text: str
    labels: tuple[str, ...]
    line: int = field(default=0, compare=False)  # of the file, from 1


def read_lines(path: Path) -> tuple[list[Known], bool]:
    """The texts, and whether they may have several labels. Raises ReplayRefused with the line that is wrong."""
    rows = read_objects(path)
    multi = "labels" in rows[0][1]
    return [_known(row, at, path, multi) for at, row in rows], multi


def read_objects(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The lines' numbers and JSON objects, one at least. Raises ReplayRefused with the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # splitlines() would also cut inside a text
    except OSError as error:
        raise ReplayRefused(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ReplayRefused(f"{path} is no UTF-8 text, from byte {error.start} on.") from None
    rows = [(at, _parsed(line, at, path)) for at, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise ReplayRefused(f"{path} is empty; a line is a JSON object, {LIKE}.")
    return rows


def _parsed(line: str, number: int, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise ReplayRefused(f"Line {number} of {path.name} is no JSON object; only JSON Lines are read, {LIKE}.")
    return row


def _known(row: dict[str, Any], number: int, path: Path, multi: bool) -> Known:
    text, labels = row.get("text"), row.get("labels") if multi else [row.get("label")]
    if not isinstance(text, str) or not text.strip():
        raise ReplayRefused(f"Line {number} of {path.name} has no 'text'.")
    if not isinstance(labels, list) or not all(isinstance(name, str) and name.strip() for name in labels):
        raise ReplayRefused(f"Line {number} of {path.name} {_label_fault(row, multi)}.")
    return Known(text, tuple(" ".join(name.split()) for name in labels), number)


def _label_fault(row: dict[str, Any], multi: bool) -> str:
    """What stands in the place of the names, and how they are written."""
    wanted = 'a list of names like "labels": ["name"]' if multi else 'a name like "label": "name"'
    own, other = ("labels", "label") if multi else ("label", "labels")
    if own not in row:
        mixed = f" but '{other}', unlike the first line" if other in row else ""
        return f"has no '{own}'{mixed}; write {wanted}"
    value = row[own]
    if multi and isinstance(value, list):
        value = next(name for name in value if not (isinstance(name, str) and name.strip()))
    if type(value) in (int, float):
        return f'has the number {value} for a label; write it as a name, "{value}"'
    found = "null" if value is None else json.dumps(value, ensure_ascii=False)
    return f"has {found} in '{own}'; write {wanted}"

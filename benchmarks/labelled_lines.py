"""A benchmark's files, read as the product's replay reads them: a line ends at a newline and nowhere within a text,
where a raw U+2028 may stand. What cannot be read ends the benchmark with 2 and a sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from labeller.learning.replay.lines import Known, ReplayRefused, read_lines, read_objects

T = TypeVar("T")


def known_texts(path: Path) -> tuple[list[Known], bool]:
    """Texts with their labels from JSON Lines ("label": name, or "labels": list); whether a text may have several."""
    return _or_end(read_lines, path)


def objects(path: Path) -> list[dict[str, Any]]:
    """The same with all their fields, as they stand there; for files that need no labels, or have more than those."""
    return [found for _, found in _or_end(read_objects, path)]


def _or_end(read: Callable[[Path], T], path: Path) -> T:
    try:
        return read(path)
    except ReplayRefused as refusal:
        print(refusal, file=sys.stderr)
        raise SystemExit(2) from None

"""What is asked of a replay on a command line, checked before anything is begun: by `simulate` and by the benchmark."""

from __future__ import annotations

import os
from collections.abc import Collection
from itertools import pairwise
from pathlib import Path

from labeller.learning.replay.lines import ReplayRefused


def chosen(words: str, known: Collection[str], what: str) -> list[str]:
    """["a", "b"] of "a,b", [] of nothing. Raises ReplayRefused for what is not known, and for a name given twice: its
    plays would count as seeds of their own."""
    names = [word.strip() for word in words.split(",") if word.strip()]
    for at, name in enumerate(names):
        if name not in known:
            raise ReplayRefused(f"There is no {what} '{name}'; known: {', '.join(sorted(known))}.")
        if name in names[:at]:
            raise ReplayRefused(f"The {what} '{name}' is asked for twice; once is enough.")
    return names


def read_counts(words: str, *, pool: int | None = None) -> tuple[int, ...]:
    """(32, 64) of "32,64". Raises ReplayRefused for what is no list of ascending numbers, or more than `pool`."""
    try:
        counts = tuple(int(word) for word in words.split(","))
    except ValueError:
        counts = ()
    if not counts or counts[0] < 1 or any(after <= before for before, after in pairwise(counts)):
        raise ReplayRefused(f"'{words}' is no list of ascending numbers of labels, like 32,64,128.")
    if pool is not None and counts[-1] > pool:
        raise ReplayRefused(f"{counts[-1]} labels are wanted but there are {pool} texts to label.")
    return counts


def at_least(least: int, number: int, option: str) -> None:
    """Raises ReplayRefused for fewer."""
    if number < least:
        raise ReplayRefused(f"{option} {number} cannot be; ask for {least} or more.")


def writable(path: Path) -> None:
    """Raises ReplayRefused where no file of this name can be written: found out after the work, it would be lost."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise ReplayRefused(f"There is no folder {path.parent}; make it first.")
    if path.is_dir():
        raise ReplayRefused(f"{path} is a folder; name a file.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise ReplayRefused(f"{path} cannot be written to; name another file.")

"""A file of labelled texts to play again: read, checked, and split where there is no test file."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from labeller.corpus.normalise import text_hash

HELD_BACK = 3  # every third text measures where no test file is given
SPLIT_SEED = 20261124  # one split for all seeds, so that their spread is that of the learning alone


class ReplayRefused(ValueError):
    """The file or the wish cannot be played; the message is a sentence that says why."""


@dataclass(frozen=True)
class Known:
    """A text and the names of its labels."""

    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Material:
    pool: list[Known]  # each text once: the first of those that the import takes for the same
    test: list[Known]
    names: list[str]  # of all labels, in alphabetical order
    multi_label: bool


def read_material(train: Path, test: Path | None) -> Material:
    """Raises ReplayRefused with the line that is wrong."""
    rows, multi = _read(train)
    pool = list({text_hash(row.text): row for row in reversed(rows)}.values())[::-1]
    if test is None:
        random.Random(SPLIT_SEED).shuffle(pool)  # noqa: S311 (a split to repeat, no secret)
        held = len(pool) // HELD_BACK
        tests, pool = pool[:held], pool[held:]
    else:
        tests, also_multi = _read(test)
        if also_multi != multi:
            raise ReplayRefused(f"{train.name} and {test.name} differ: one has 'label', the other 'labels'.")
    spelling = {name.casefold(): name for row in reversed(pool + tests) for name in row.labels}
    names = sorted(spelling.values())
    if not names:
        raise ReplayRefused(f"No text of {train.name} has a label.")
    if len(names) < 2 and not multi:
        raise ReplayRefused(f"{train.name} has one label only; a classifier needs two.")
    return Material(_spelt_alike(pool, spelling), _spelt_alike(tests, spelling), names, multi)


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


def _read(path: Path) -> tuple[list[Known], bool]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # splitlines() would also cut inside a text
    except OSError as error:
        raise ReplayRefused(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ReplayRefused(f"{path} is no UTF-8 text, from byte {error.start} on.") from None
    rows = [(at, _parsed(line, at, path)) for at, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise ReplayRefused(f"{path} is empty; a line is a JSON object with 'text' and 'label' (or 'labels').")
    multi = "labels" in rows[0][1]
    return [_known(row, at, path, multi) for at, row in rows], multi


def _parsed(line: str, number: int, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise ReplayRefused(f"Line {number} of {path.name} is no JSON object.")
    return row


def _known(row: dict[str, Any], number: int, path: Path, multi: bool) -> Known:
    text, labels = row.get("text"), row.get("labels") if multi else [row.get("label")]
    if not isinstance(text, str) or not text.strip():
        raise ReplayRefused(f"Line {number} of {path.name} has no 'text'.")
    if not isinstance(labels, list) or not all(isinstance(name, str) and name.strip() for name in labels):
        wanted = "'labels', a list of names" if multi else "'label', a name"
        raise ReplayRefused(f"Line {number} of {path.name} has no {wanted}.")
    return Known(text, tuple(" ".join(name.split()) for name in labels))


def _spelt_alike(rows: list[Known], spelling: dict[str, str]) -> list[Known]:
    """Names that differ in case only are one label, as in a project."""
    return [Known(row.text, tuple(spelling[name.casefold()] for name in row.labels)) for row in rows]

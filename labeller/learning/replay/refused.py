"""Rows that no project would have: what the import refuses, nobody learns from and nobody is measured on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from labeller.corpus.taken import Refusal, taken_label, taken_text
from labeller.learning.replay.lines import Known, ReplayRefused

NAMED = 3  # refused lines that a sentence names
KEPT = 10  # and the facts for machines


@dataclass(frozen=True)
class RefusedLine:
    file: str
    line: int
    reason: str


def taken_of(rows: Sequence[Known], file: str) -> tuple[list[Known], list[RefusedLine]]:
    """Those that the import takes, and the others. Raises ReplayRefused where it takes none."""
    taken: list[Known] = []
    refused: list[RefusedLine] = []
    for row in rows:
        try:
            taken_text(row.text)
            for name in row.labels:
                taken_label(name)
        except Refusal as refusal:
            refused.append(RefusedLine(file, row.line, str(refusal)))
        else:
            taken.append(row)
    if not taken:
        raise ReplayRefused(f"No text of {file} is taken: {_named(refused)}.")
    return taken, refused


def facts_of(refused: Sequence[RefusedLine]) -> dict[str, Any]:
    """How many, and the first of them."""
    return {"rows": len(refused), "first": [asdict(one) for one in refused[:KEPT]]}


def words_of(refused: Sequence[RefusedLine]) -> list[str]:
    """A sentence for each file that has some."""
    return [
        (f"1 row of {file} is" if number == 1 else f"{number:,} rows of {file} are")
        + f" left out, as the import refuses such: {_named([one for one in refused if one.file == file])}."
        for file, number in Counter(one.file for one in refused).items()
    ]


def _named(refused: Sequence[RefusedLine]) -> str:
    some = [f"line {one.line} ({one.reason})" for one in refused[:NAMED]]
    more = len(refused) - NAMED
    return ", ".join(some) + (f", and {more:,} more" if more > 0 else "")

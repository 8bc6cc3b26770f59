"""The labelled texts of a replay: which are to learn from and which measure, split where there is no test file."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from labeller.corpus.normalise import text_hash
from labeller.learning.replay_lines import Known, ReplayRefused, read_lines

HELD_BACK = 3  # every third text measures where no test file is given
SPLIT_SEED = 20261124  # one split for all seeds, so that their spread is that of the learning alone


@dataclass(frozen=True)
class Material:
    pool: list[Known]  # each text once: the first of those that the import takes for the same
    test: list[Known]
    names: list[str]  # of all labels, in alphabetical order
    multi_label: bool


def read_material(train: Path, test: Path | None) -> Material:
    """Raises ReplayRefused with the line that is wrong."""
    rows, multi = read_lines(train)
    pool = list({text_hash(row.text): row for row in reversed(rows)}.values())[::-1]
    if test is None:
        random.Random(SPLIT_SEED).shuffle(pool)  # noqa: S311 (a split to repeat, no secret)
        held = len(pool) // HELD_BACK
        tests, pool = pool[:held], pool[held:]
    else:
        tests, also_multi = read_lines(test)
        if also_multi != multi:
            raise ReplayRefused(f"{train.name} and {test.name} differ: one has 'label', the other 'labels'.")
    spelling = {name.casefold(): name for row in reversed(pool + tests) for name in row.labels}
    names = sorted(spelling.values())
    if not names:
        raise ReplayRefused(f"No text of {train.name} has a label.")
    if len(names) < 2 and not multi:
        raise ReplayRefused(f"{train.name} has one label only; a classifier needs two.")
    return Material(_spelt_alike(pool, spelling), _spelt_alike(tests, spelling), names, multi)


def _spelt_alike(rows: list[Known], spelling: dict[str, str]) -> list[Known]:
    """Names that differ in case only are one label, as in a project."""
    return [Known(row.text, tuple(spelling[name.casefold()] for name in row.labels)) for row in rows]

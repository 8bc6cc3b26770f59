"""The labelled texts of a replay: which are to learn from and which measure, split where there is no test file."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    in_both: int = 0  # texts of the training file that the test has too
    kept: bool = False  # whether those stay in the pool

    @property
    def facts(self) -> dict[str, Any]:
        """What is odd about the texts, for machines."""
        return {"in_both": self.in_both}

    @property
    def notes(self) -> list[str]:
        """The same for people, a sentence each; none where all is in order."""
        return _in_both_words(self.in_both, kept=self.kept)


def read_material(train: Path, test: Path | None, *, keep_in_both: bool = False) -> Material:
    """Texts to learn from and texts to measure on. Those that are in both files measure only: a model that has read
    the test is not measured by it. `keep_in_both` is for figures begun before that was so.

    Raises ReplayRefused with the line that is wrong.
    """
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
    measured = {text_hash(row.text) for row in tests}
    apart = [row for row in pool if text_hash(row.text) not in measured]
    in_both = len(pool) - len(apart)
    if not apart and not keep_in_both:
        raise ReplayRefused(f"All {in_both:,} texts of {train.name} are in the test too; none is left to learn from.")
    pool = pool if keep_in_both else apart
    spelling = {name.casefold(): name for row in reversed(pool + tests) for name in row.labels}
    names = sorted(spelling.values())
    if not names:
        raise ReplayRefused(f"No text of {train.name} has a label.")
    if len(names) < 2 and not multi:
        raise ReplayRefused(f"{train.name} has one label only; a classifier needs two.")
    alike = (_spelt_alike(pool, spelling), _spelt_alike(tests, spelling))
    return Material(*alike, names, multi, in_both, keep_in_both)


def _in_both_words(count: int, *, kept: bool) -> list[str]:
    if not count:
        return []
    texts = "1 text of TRAIN is" if count == 1 else f"{count:,} texts of TRAIN are"
    were = "was" if count == 1 else "were"
    return [f"{texts} in the test too and {were} {'kept, as the figures began with them' if kept else 'left out'}."]


def _spelt_alike(rows: list[Known], spelling: dict[str, str]) -> list[Known]:
    """Names that differ in case only are one label, as in a project."""
    return [Known(row.text, tuple(spelling[name.casefold()] for name in row.labels)) for row in rows]

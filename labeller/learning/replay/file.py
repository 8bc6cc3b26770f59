"""The labelled texts of a replay: which are to learn from and which measure, split where there is no test file."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeller.corpus.normalise import text_hash
from labeller.learning.replay.lines import Known, ReplayRefused, read_lines
from labeller.learning.replay.refused import RefusedLine, facts_of, taken_of, words_of

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
    repeated: int = 0  # rows of the training file whose text was there before
    contradicting: int = 0  # those of them with another label
    refused: tuple[RefusedLine, ...] = ()  # of both files, by the import's own rules

    @property
    def unknown(self) -> dict[str, int]:
        """Labels that no text of the pool has, each with the number of texts of the test that have it."""
        known = {name for row in self.pool for name in row.labels}
        return dict(sorted(Counter(name for row in self.test for name in set(row.labels) - known).items()))

    @property
    def facts(self) -> dict[str, Any]:
        """What is odd about the texts, for machines."""
        return {
            "refused": facts_of(self.refused),
            "repeated": self.repeated,
            "contradicting": self.contradicting,
            "in_both": self.in_both,
            "unknown": self.unknown,
        }

    @property
    def notes(self) -> list[str]:
        """The same for people, a sentence each; none where all is in order."""
        return [
            *words_of(self.refused),
            *_repeated_words(self.repeated, self.contradicting),
            *_in_both_words(self.in_both, kept=self.kept),
            *(
                f"Label '{name}' ({count:,} of {len(self.test):,} test texts) is on no text to learn from and can "
                "never be right."
                for name, count in self.unknown.items()
            ),
        ]


def read_material(train: Path, test: Path | None, *, keep_in_both: bool = False) -> Material:
    """Texts to learn from and texts to measure on. What the import refuses is in neither, whoever learns from them.
    Texts that are in both files measure only: a model that has read the test is not measured by it. `keep_in_both` is
    for figures begun before that was so.

    Raises ReplayRefused with the line that is wrong.
    """
    rows, multi = read_lines(train)
    rows, refused = taken_of(rows, train.name)
    pool, repeated, contradicting = _each_once(rows)
    if test is None:
        random.Random(SPLIT_SEED).shuffle(pool)  # noqa: S311 (a split to repeat, no secret)
        held = len(pool) // HELD_BACK
        tests, pool = pool[:held], pool[held:]
        if not tests:
            raise ReplayRefused(
                f"{train.name} has {len(pool)} different texts; a third of them is to measure, so there must be "
                f"{HELD_BACK} at least."
            )
    else:
        tests, also_multi = read_lines(test)
        if also_multi != multi:
            raise ReplayRefused(f"{train.name} and {test.name} differ: one has 'label', the other 'labels'.")
        tests, also_refused = taken_of(tests, test.name)
        refused += also_refused
    apart = _without(tests, pool)
    in_both = len(pool) - len(apart)
    pool = pool if keep_in_both else apart
    if not pool:
        raise ReplayRefused(f"All {in_both:,} texts of {train.name} are in the test too; none is left to learn from.")
    spelling = {name.casefold(): name for row in reversed(pool + tests) for name in row.labels}
    names = sorted(spelling.values())
    if not names:
        raise ReplayRefused(f"No text of {train.name} has a label.")
    if len(names) < 2 and not multi:
        raise ReplayRefused(f"{train.name} has one label only; a classifier needs two.")
    alike = (_spelt_alike(pool, spelling), _spelt_alike(tests, spelling))
    found = Material(*alike, names, multi, in_both, keep_in_both, repeated, contradicting, tuple(refused))
    measured_names = {name for row in found.test for name in row.labels}
    if measured_names and measured_names <= set(found.unknown):
        some = ", ".join(sorted(measured_names)[:3])
        raise ReplayRefused(f"No label of the test ({some}) is on a text to learn from: nothing could be right.")
    return found


def _each_once(rows: list[Known]) -> tuple[list[Known], int, int]:
    """(the first of those with the same text, how many were not the first, how many of these have another label)

    A text stands where it came last: figures that were kept have this order, from which draws and the split follow."""
    first = {text_hash(row.text): row for row in reversed(rows)}
    contradicting = sum(_folded(row) != _folded(first[text_hash(row.text)]) for row in rows)
    return list(first.values())[::-1], len(rows) - len(first), contradicting


def _folded(row: Known) -> set[str]:
    return {name.casefold() for name in row.labels}


def _without(tests: list[Known], pool: list[Known]) -> list[Known]:
    measured = {text_hash(row.text) for row in tests}
    return [row for row in pool if text_hash(row.text) not in measured]


def _repeated_words(repeated: int, contradicting: int) -> list[str]:
    if not repeated:
        return []
    rows = "1 row repeats a text" if repeated == 1 else f"{repeated:,} rows repeat a text"
    return [f"{rows}, {contradicting:,} of them with another label; the first was kept."]


def _in_both_words(count: int, *, kept: bool) -> list[str]:
    if not count:
        return []
    texts = "1 text of TRAIN is" if count == 1 else f"{count:,} texts of TRAIN are"
    were = "was" if count == 1 else "were"
    return [f"{texts} in the test too and {were} {'kept, as the figures began with them' if kept else 'left out'}."]


def _spelt_alike(rows: list[Known], spelling: dict[str, str]) -> list[Known]:
    """Names that differ in case only are one label, as in a project."""
    return [replace(row, labels=tuple(spelling[name.casefold()] for name in row.labels)) for row in rows]

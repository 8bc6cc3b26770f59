"""Which labels are taken for which. Pure: from answers to the cells of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from labeller.insight.answers import Answer, Outcome
from labeller.insight.folds import FEW_LABELS
from labeller.projects.models import Label

SHADES = 5


@dataclass(frozen=True)
class Cell:
    """Texts that people gave `gold` and the model `said`. `shade` 0..5 grows with the count."""

    gold: Label
    said: Label
    count: int
    shade: int

    @property
    def is_right(self) -> bool:
        return self.gold == self.said


@dataclass(frozen=True)
class Matrix:
    """One label a text: rows are what people say, columns what the model said, both in the project's order."""

    columns: list[Label]
    rows: list[tuple[Label, int, list[Cell]]]  # label, its texts, its cells
    never_confused: list[tuple[Label, int]]  # left out of the table when labels are many: all their texts are right
    unmet: list[Label]  # neither true nor given in the audit


def confusion(answers: Sequence[Answer], labels: Sequence[Label]) -> Matrix:
    """Of many labels only those that were ever confused are in the table, so that it can be read."""
    pairs = Counter((min(one.gold), min(one.predicted)) for one in answers if one.gold and one.predicted)
    met = {label for pair in pairs for label in pair}
    confused = {label for gold, said in pairs if gold != said for label in (gold, said)}
    wanted = met if len(met) <= FEW_LABELS else confused
    shown = [label for label in labels if label.pk in wanted]
    most = max(pairs.values(), default=1)
    texts = Counter({label: sum(n for (gold, _), n in pairs.items() if gold == label) for label in met})
    return Matrix(
        columns=shown,
        rows=[
            (
                gold,
                texts[gold.pk],
                [Cell(gold, said, pairs[gold.pk, said.pk], shade(pairs[gold.pk, said.pk], most)) for said in shown],
            )
            for gold in shown
        ],
        never_confused=[(label, texts[label.pk]) for label in labels if label.pk in met - wanted],
        unmet=[label for label in labels if label.pk not in met],
    )


def shade(count: int, most: int) -> int:
    """0 for none, 1 for the few, SHADES for the most."""
    return ceil(SHADES * count / most) if count else 0


@dataclass(frozen=True)
class TwoByTwo:
    """Several labels a text: what became of one label."""

    label: Label
    counts: dict[Outcome, int]
    neither: int  # texts without it, on which the model did not give it


def two_by_two(answers: Sequence[Answer], labels: Sequence[Label]) -> tuple[list[TwoByTwo], list[Label]]:
    """(Labels that are true or given somewhere, the others)."""
    tallies = {label.pk: Counter(one.outcome(label.pk) for one in answers) for label in labels}
    shown = [
        TwoByTwo(
            label,
            {"found": tally["found"], "missed": tally["missed"], "wrong": tally["wrong"]},
            tally[None],
        )
        for label in labels
        if (tally := tallies[label.pk]) and tally[None] < len(answers)
    ]
    met = {row.label.pk for row in shown}
    return shown, [label for label in labels if label.pk not in met]

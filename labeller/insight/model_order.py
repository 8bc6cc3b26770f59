"""In which order the table of models stands: by one of its columns, which the address names. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from labeller.insight.selectors import VersionScore

Key = float | None  # None: nothing to order by
NEWEST = "model"


@dataclass(frozen=True)
class ModelRow:
    """A model of the table."""

    score: VersionScore
    size: int | None  # bytes on disk; None where its files are deleted


def _leading(score: VersionScore, *, is_multi: bool) -> Key:
    """The figure that is told first: macro-F1 where a text may have several labels."""
    found = score.leading_f1 if is_multi else score.leading_accuracy
    return found.value if found and score.has_evidence else None


COLUMNS: Mapping[str, Callable[[ModelRow, bool], Key]] = {
    NEWEST: lambda row, _: row.score.number,
    "labels": lambda row, _: row.score.n_labels,
    "figure": lambda row, is_multi: _leading(row.score, is_multi=is_multi),
    "took": lambda row, _: row.score.duration_s,
    "size": lambda row, _: row.size,
}


@dataclass(frozen=True)
class Head:
    """Of a column: the order that a click on it asks for, and how the table stands by it now (as aria-sort has it)."""

    asks_for: str
    aria: str = ""


@dataclass(frozen=True)
class Order:
    """`column` is one of COLUMNS; the highest first unless `is_upward`."""

    column: str = NEWEST
    is_upward: bool = False

    @classmethod
    def read(cls, asked: str | None) -> Order:
        """From an address: "size", or "-size" for the smallest first. Another word counts as none."""
        column = (asked or "").removeprefix("-")
        return cls(column, (asked or "").startswith("-")) if column in COLUMNS else cls()

    def __str__(self) -> str:
        return f"-{self.column}" if self.is_upward else self.column

    @property
    def heads(self) -> dict[str, Head]:
        """A click asks for the highest first, and the next time for the other way round."""
        aria = "ascending" if self.is_upward else "descending"
        return {
            column: Head(str(Order(column, not self.is_upward)), aria) if column == self.column else Head(column)
            for column in COLUMNS
        }

    def sorted(self, rows: Sequence[ModelRow], *, is_multi: bool) -> list[ModelRow]:
        """Equal ones newest first, and those with nothing to order by last."""
        newest_first = sorted(rows, key=lambda row: -row.score.number)
        keys = {row.score.number: COLUMNS[self.column](row, is_multi) for row in rows}
        sign = 1 if self.is_upward else -1

        def place(row: ModelRow) -> tuple[bool, float]:
            key = keys[row.score.number]
            return key is None, sign * (key or 0)

        return sorted(newest_first, key=place)

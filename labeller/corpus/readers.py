"""The table of readers: a format's name -> a function from lines to rows. A further format is one more line in FORMATS.

A reader never stops at a bad row: it yields a RefusedRow and goes on. It holds one row at a time.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from labeller.corpus import reasons
from labeller.corpus.errors import FileRefused
from labeller.corpus.json_values import NoJson, json_value
from labeller.corpus.lines import BEGINNING, LineRefused, Lines
from labeller.corpus.mapping import Layout

NAME = 120  # characters of a column's name


@dataclass(frozen=True, slots=True)
class Record:
    line: int  # physical line of the file on which the row starts, from 1
    fields: dict[str, Any]  # column -> cell (str) or JSON value
    beginning: str = ""  # of the row as it stands in the file, at most BEGINNING characters


@dataclass(frozen=True, slots=True)
class RefusedRow:
    line: int
    reason: str
    beginning: str = ""


Reader = Callable[[Lines, Layout], Iterator[Record | RefusedRow]]


def printable(text: str, length: int = NAME, keep: str = "") -> str:
    """The beginning, without what no page, file or database can hold: control characters (but for `keep`) and lone
    surrogates."""
    kept = (c if c in keep or (c >= " " and not "\ud800" <= c <= "\udfff") else "\ufffd" for c in text[:length].strip())
    return "".join(kept)


def beginning_of(row: str) -> str:
    """A row as it stands in the file, as far as it is kept: delimiters, quotes and all."""
    return printable(row, BEGINNING, keep="\t\r\n")


class _Raw(Iterator[str]):
    """Lines on their way to csv.reader, which gives no row back as it stood."""

    def __init__(self, lines: Lines) -> None:
        self.row = ""  # the lines read since this was emptied, as far as they are kept
        self._lines = lines

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except LineRefused as error:
            self._keep(error.beginning)
            raise
        self._keep(line)
        return line

    def _keep(self, line: str) -> None:
        if len(self.row) < BEGINNING:
            self.row += line[:BEGINNING]


def read_csv(lines: Lines, layout: Layout) -> Iterator[Record | RefusedRow]:
    """Rows of delimited text. Strict about quotes: a row that must be guessed at is refused, not bent into shape."""
    raw = _Raw(lines)
    reader = csv.reader(
        raw,
        delimiter=layout.delimiter,
        strict=True,
        quoting=csv.QUOTE_MINIMAL if layout.quoted else csv.QUOTE_NONE,
    )
    columns: list[str] | None = None
    while True:
        start, raw.row = lines.number + 1, ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (LineRefused, csv.Error) as error:
            refused = RefusedRow(start, _csv_reason(error, start, lines.number), beginning_of(raw.row))
            if columns is None and layout.header:
                raise FileRefused(reasons.NAMELESS % {"line": start, "reason": refused.reason}) from None
            yield refused
            continue
        if not cells:
            continue  # a blank line
        if columns is None:
            columns = column_names(cells if layout.header else [""] * len(cells))
            if layout.header:
                continue
        if len(cells) != len(columns) and (len(cells) < len(columns) or any(cells[len(columns) :])):
            yield RefusedRow(start, _count_reason(len(cells), len(columns), layout), beginning_of(raw.row))
            continue
        yield Record(start, dict(zip(columns, cells, strict=False)), beginning_of(raw.row))


def column_names(cells: list[str]) -> list[str]:
    """Names for columns, all different: 'column 3' for an empty one, 'name (2)' for a repeated one."""
    names: list[str] = []
    for position, cell in enumerate(cells, 1):
        plain = printable(cell) or f"column {position}"
        name, repeat = plain, 2
        while name in names:
            name, repeat = f"{plain} ({repeat})", repeat + 1
        names.append(name)
    return names


def _count_reason(found: int, expected: int, layout: Layout) -> str:
    one, few = (reasons.ONE_COLUMN, reasons.FEW_COLUMNS) if layout.header else (reasons.ONE_CELL, reasons.FEW_CELLS)
    reason = (one if found == 1 else few) % {"found": found, "expected": expected}
    return reason if found < expected else reasons.QUOTES_NEEDED % {"reason": reason}


def _csv_reason(error: Exception, start: int, end: int) -> str:
    reason = str(error) if isinstance(error, LineRefused) else _broken_rule(str(error))
    return reasons.RUNS_ON % {"reason": reason, "line": end} if end > start else reason


def _broken_rule(message: str) -> str:
    if "field larger" in message:
        return reasons.LONG_CELL % {"most": f"{csv.field_size_limit():,}"}
    if "unexpected end" in message:
        return reasons.OPEN_QUOTE
    if "expected after" in message:
        return reasons.BARE_QUOTE
    return reasons.NO_CSV % {"reason": message}


def read_json_lines(lines: Lines, layout: Layout) -> Iterator[Record | RefusedRow]:
    """One JSON object a line; blank lines are passed over."""
    for number, line in _readable(lines):
        if isinstance(line, RefusedRow):
            yield line
            continue
        if not line.strip():
            continue
        try:
            value = json_value(line)
        except NoJson as error:
            yield RefusedRow(number, str(error), beginning_of(line))
        else:
            if isinstance(value, dict):
                yield Record(number, value, beginning_of(line))
            else:
                kind = reasons.KINDS.get(type(value), "null")
                yield RefusedRow(number, reasons.NO_OBJECT % {"kind": kind}, beginning_of(line))


def read_plain_text(lines: Lines, layout: Layout) -> Iterator[Record | RefusedRow]:
    """One text a line; blank lines are passed over."""
    for number, line in _readable(lines):
        if isinstance(line, RefusedRow):
            yield line
        elif line.strip():
            yield Record(number, {"text": line.rstrip("\r\n")}, beginning_of(line))


def _readable(lines: Lines) -> Iterator[tuple[int, str | RefusedRow]]:
    while True:
        try:
            line = next(lines)
        except StopIteration:
            return
        except LineRefused as error:
            yield lines.number, RefusedRow(lines.number, str(error), beginning_of(error.beginning))
        else:
            yield lines.number, line


@dataclass(frozen=True)
class Format:
    name: str  # as the form says it, in English
    suffixes: tuple[str, ...]
    read: Reader


FORMATS: dict[str, Format] = {
    "csv": Format(gettext_noop("CSV: a table with columns"), (".csv", ".tsv", ".tab"), read_csv),
    "jsonl": Format(gettext_noop("JSON Lines: one object a line"), (".jsonl", ".ndjson", ".json"), read_json_lines),
    "text": Format(gettext_noop("Plain text: one text a line"), (".txt", ".text"), read_plain_text),
}


def read(lines: Lines, layout: Layout) -> Iterator[Record | RefusedRow]:
    """The rows of an opened file. Raises FileRefused when the file as a whole cannot be read this way."""
    return FORMATS[layout.format].read(lines, layout)

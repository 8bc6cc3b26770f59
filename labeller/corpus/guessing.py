"""Guesses about a file from its beginning: format, delimiter, header, and what each column is. All can be overruled."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean, median
from typing import Any

from labeller.corpus import reasons
from labeller.corpus.encodings import SAMPLE, codec, guess_encoding
from labeller.corpus.errors import FileRefused
from labeller.corpus.lines import LineRefused, Lines
from labeller.corpus.mapping import Layout, Mapping
from labeller.corpus.readers import FORMATS, Record
from labeller.corpus.rows import label_names
from labeller.corpus.taken import Refusal
from labeller.projects.models import Project

SAMPLE_LINES = 400
MOSTLY_LABELS = 0.6  # of the filled cells: a few labels of the file may be new to the project
DELIMITERS = (",", ";", "\t", "|", "^", "~", ":")
TEXT_NAMES = ("text", "texts", "sentence", "content", "body", "clause", "message", "comment", "review", "document",
              "utterance", "question", "query", "paragraph", "description", "title")  # fmt: skip
ID_NAMES = ("id", "external_id", "externalid", "uid", "uuid", "guid", "key", "doc_id", "document_id", "text_id", "nr",
            "no", "number", "index", "ref", "reference")  # fmt: skip
LABEL_NAMES = ("label", "labels", "category", "categories", "class", "classes", "kind", "tag", "tags", "topic",
               "topics", "intent", "target", "gold")  # fmt: skip
MAGIC = {
    b"PK\x03\x04": reasons.EXCEL,
    b"PAR1": reasons.PARQUET,
    b"\xd0\xcf\x11\xe0": reasons.OLD_OFFICE,
    b"%PDF": reasons.PDF,
    b"\x1f\x8b": reasons.GZIP,
    b"\x89PNG": reasons.PICTURE,
    b"\xff\xd8\xff": reasons.PICTURE,
    b"GIF8": reasons.PICTURE,
}
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # not the blanks, nor the escape of coloured logs
CONTROL_SHARE = 0.01  # random bytes have a tenth; a stray one in a text refuses its line alone
CONTROL_COUNT = 3
KNOWN_NAMES = {*TEXT_NAMES, *ID_NAMES, *LABEL_NAMES}


def guess_layout(path: Path, file_name: str) -> Layout:
    """Format, encoding, delimiter, header and quoting. Raises FileRefused for what no reader here takes."""
    with path.open("rb") as file:
        _refuse_other_formats(file.read(8), file_name)
    encoding = guess_encoding(path)
    _refuse_no_text(path, encoding, file_name)
    sample = sample_lines(path, encoding)
    suffix = Path(file_name).suffix.lower()
    first = next((line.strip() for line in sample if line.strip()), "")
    if suffix == ".json" and first.startswith("["):
        raise FileRefused(reasons.ONE_LIST % {"file": file_name})
    if _is_json_object(first) or suffix in FORMATS["jsonl"].suffixes:
        return Layout("jsonl", encoding)
    delimiter, quoted, agreement = guess_delimiter(sample)
    is_table = suffix in FORMATS["csv"].suffixes or (agreement >= 0.9 and (suffix != ".txt" or delimiter == "\t"))
    if not is_table:
        return Layout("text", encoding)
    rows = list(_rows(sample, delimiter, quoted))
    return Layout("csv", encoding, delimiter, guess_header(rows), quoted)


def _refuse_other_formats(head: bytes, file_name: str) -> None:
    """Files that people try, known by their first bytes."""
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise FileRefused(reasons.OTHER_FORMAT % {"file": file_name, "what": what})


def _refuse_no_text(path: Path, encoding: str, file_name: str) -> None:
    """Every byte is a character of some encoding: what gives away other files are characters that nobody types. Asked
    of what was decoded, so that UTF-16 may have its NULs."""
    with path.open("rb") as file:
        beginning = file.read(SAMPLE).decode(codec(encoding), errors="ignore")
    found = len(CONTROL.findall(beginning))
    if found > CONTROL_COUNT and found > CONTROL_SHARE * len(beginning):
        values = {"file": file_name, "found": f"{found:,}", "of": f"{len(beginning):,}"}
        raise FileRefused(reasons.NO_TEXT_FILE % values)


def sample_lines(path: Path, encoding: str) -> list[str]:
    found: list[str] = []
    with Lines(path, encoding) as lines:
        while len(found) < SAMPLE_LINES:
            try:
                found.append(next(lines))
            except StopIteration:
                break
            except LineRefused:
                continue
    return found


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _rows(sample: Sequence[str], delimiter: str, quoted: bool) -> Iterable[list[str]]:
    """Rows of the sample as this dialect reads them. A row that breaks its rules counts as one without columns."""
    reader = csv.reader(
        sample, delimiter=delimiter, strict=True, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    )
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # The sample may end inside a quoted cell: that says nothing about the dialect.
            if "unexpected end" not in str(error) or reader.line_num < SAMPLE_LINES:
                yield []
            continue
        if row:
            yield row


def guess_delimiter(sample: Sequence[str]) -> tuple[str, bool, float]:
    """(delimiter, whether cells may be quoted, agreement). Agreement is the share of rows with the commonest number of
    columns, 0 when that number is one. The delimiter of a table gives every row the same number of columns; commas in
    prose do not. Among equals the one under which the first row names known columns wins, then the one with more
    columns. Without any the answer is a comma, quoted, 0."""
    best, answer = (0.0, False, False, 0), (",", True, 0.0)
    for delimiter in DELIMITERS:
        for quoted in (True, False):
            rows = list(_rows(sample, delimiter, quoted))
            counts = Counter(len(row) for row in rows)
            if not counts:
                continue
            columns, often = max(counts.items(), key=lambda item: (item[1], item[0]))
            if columns < 2:
                continue
            agreement = often / len(rows)
            named = len(rows[0]) == columns and any(cell.strip().lower() in KNOWN_NAMES for cell in rows[0])
            score = (round(agreement + 0.2 * named, 2), named, quoted, columns)
            if score > best:
                best, answer = score, (delimiter, quoted, agreement)
    return answer


def guess_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: by a known name, else because it looks unlike the rows below it."""
    if not rows:
        return True
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    if any(cell.lower() in KNOWN_NAMES for cell in first):
        return True
    looks_like_names = (
        len(set(first)) == len(first)
        and all(cell and len(cell) <= 40 and len(cell.split()) <= 4 and not _is_number(cell) for cell in first)
        and not any(cell.endswith((".", "!", "?")) for cell in first)
    )
    if not looks_like_names or not rest:
        return False
    columns = [[row[at] for row in rest if at < len(row)] for at in range(len(first))]
    numeric = any(column and all(_is_number(cell) for cell in column) for column in columns)
    prose = any(column and median(map(len, column)) > 3 * len(first[at]) for at, column in enumerate(columns))
    return numeric or prose


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def columns_of(records: Iterable[Record]) -> list[str]:
    """Every column of these rows, in the order of appearance."""
    return list(dict.fromkeys(name for record in records for name in record.fields))


def guess_mapping(layout: Layout, records: Sequence[Record], project: Project) -> Mapping:
    """What each column is, by its name, else by what stands in it."""
    columns = columns_of(records)
    labels = _named(columns, LABEL_NAMES) or _holds_labels(records, columns, project)
    others = [column for column in columns if column != labels]
    external_id = _named(others, ID_NAMES)
    if external_id and not _tells_apart(records, external_id):
        external_id = ""
    text = _named(others, TEXT_NAMES) or _wordiest(records, [c for c in others if c != external_id])
    separator = _guess_separator([record.fields.get(labels) for record in records], project)
    return Mapping(layout, text or (columns[0] if columns else "text"), external_id, labels, separator)


def _named(columns: Sequence[str], names: Sequence[str]) -> str:
    """The column with the first of these names, whatever its case and spacing."""
    plain = {column.strip().lower().replace(" ", "_").replace("-", "_"): column for column in reversed(columns)}
    return next((plain[name] for name in names if name in plain), "")


def _holds_labels(records: Sequence[Record], columns: Sequence[str], project: Project) -> str:
    """The column whose cells are mostly names of labels that this project has, whatever the column is called."""
    known = {name.casefold() for name in project.labels.values_list("name", flat=True)}

    def share(column: str) -> float:
        cells = [record.fields.get(column) for record in records]
        mark = _guess_separator(cells, project)
        given = [names for cell in cells if (names := _names_in(cell, mark))]
        return sum(known.issuperset(names) for names in given) / len(given) if given else 0.0

    best = max(columns, key=share, default="")
    return best if best and share(best) >= MOSTLY_LABELS else ""


def _names_in(cell: Any, separator: str) -> tuple[str, ...]:
    """The names in one cell as the import will read them, for comparison; none in what it would refuse."""
    try:
        names = label_names(cell, separator) or ()
    except Refusal:
        return ()
    return tuple(name.casefold() for name in names)


def _tells_apart(records: Sequence[Record], column: str) -> bool:
    values = [str(record.fields[column]) for record in records if record.fields.get(column) not in (None, "")]
    return len(set(values)) == len(values)


def _wordiest(records: Sequence[Record], columns: Sequence[str]) -> str:
    """The column with the longest values on average."""

    def length(column: str) -> float:
        values: list[Any] = [record.fields.get(column) for record in records]
        return fmean([len(value) if isinstance(value, str) else 0 for value in values] or [0])

    return max(columns, key=length, default="")


def _guess_separator(cells: Iterable[Any], project: Project) -> str:
    """The mark between several labels in a cell. None where a text has one label: there it is a part of the name."""
    if not project.is_multi:
        return ""
    words = [cell for cell in cells if isinstance(cell, str)]
    return next((mark for mark in ("|", ";", "#") if any(mark in cell for cell in words)), "|")


def read_sample(path: Path, layout: Layout, count: int = 200) -> list[Any]:
    """The first rows, Records and RefusedRows alike. Raises FileRefused as the reader does."""
    with Lines(path, layout.encoding) as lines:
        return list(islice(FORMATS[layout.format].read(lines, layout), count))

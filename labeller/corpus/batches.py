"""A file in batches of bounded size, each sorted into new texts, duplicates and refusals. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from labeller.corpus.labelbook import LabelBook
from labeller.corpus.lines import Lines
from labeller.corpus.mapping import Mapping
from labeller.corpus.models import Document
from labeller.corpus.readers import RefusedRow, read
from labeller.corpus.rows import Row, interpret
from labeller.projects.models import Project

BATCH_ROWS = 1_000
BATCH_CHARACTERS = 4_000_000  # a thousand texts of the longest kind would be 100 million


@dataclass
class Batch:
    rows: list[Row | RefusedRow] = field(default_factory=list)
    first: int = 0  # rows of the file before this batch
    bytes_read: int = 0  # of the file, with this batch

    @property
    def end(self) -> int:
        return self.first + len(self.rows)


def batches(lines: Lines, mapping: Mapping, *, multi: bool, skip: int = 0) -> Iterator[Batch]:
    """`skip` rows are passed over: a killed import had them committed. Raises FileRefused as the reader does."""
    batch, characters = Batch(), 0
    for position, item in enumerate(read(lines, mapping.layout)):
        if position < skip:
            batch.first = position + 1
            continue
        row = item if isinstance(item, RefusedRow) else interpret(item, mapping, multi=multi)
        batch.rows.append(row)
        characters += len(row.text) if isinstance(row, Row) else 0
        if len(batch.rows) >= BATCH_ROWS or characters >= BATCH_CHARACTERS:
            batch.bytes_read = lines.bytes_read
            yield batch
            batch, characters = Batch(first=position + 1), 0
    if batch.rows:
        batch.bytes_read = lines.bytes_read
        yield batch


@dataclass
class Sorted:
    """What an import does with a batch."""

    new: list[Row] = field(default_factory=list)  # one a hash
    repeated: list[Row] = field(default_factory=list)  # the hash came before in this batch
    known: list[Row] = field(default_factory=list)  # the hash is in the project
    refused: list[RefusedRow] = field(default_factory=list)
    known_ids: dict[str, int] = field(default_factory=dict)  # hash -> document id, of `known`


def sort_batch(project: Project, batch: Batch, mapping: Mapping, book: LabelBook) -> Sorted:
    """One query for the hashes; labels are checked against the book, which notes those to be added."""
    result = Sorted()
    good: list[Row] = []
    for row in batch.rows:
        refusal = row if isinstance(row, RefusedRow) else _refuse_labels(row, mapping, book)
        if refusal is not None:
            result.refused.append(refusal)
        elif isinstance(row, Row):
            good.append(row)
    hashes = {row.text_hash for row in good}
    found = Document.objects.filter(project=project, text_hash__in=hashes).values_list("text_hash", "id")
    result.known_ids = dict(found)
    seen: set[str] = set()
    for row in good:
        if row.text_hash in seen:
            result.repeated.append(row)
        elif row.text_hash in result.known_ids:
            result.known.append(row)
        else:
            result.new.append(row)
        seen.add(row.text_hash)
    return result


def _refuse_labels(row: Row, mapping: Mapping, book: LabelBook) -> RefusedRow | None:
    unknown = book.missing(row.labels or ())
    if not unknown:
        return None
    reason = book.expect(unknown) if mapping.adds_labels else book.unknown_sentence(unknown[0])
    return RefusedRow(row.line, reason, row.beginning) if reason else None

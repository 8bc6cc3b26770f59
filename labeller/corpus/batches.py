"""A file in batches of bounded size, each sorted into new texts, duplicates and refusals. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from labeller.corpus import reasons
from labeller.corpus.labelbook import LabelBook
from labeller.corpus.lines import Lines
from labeller.corpus.mapping import Mapping
from labeller.corpus.models import Document, ImportJob
from labeller.corpus.readers import RefusedRow, read
from labeller.corpus.rows import Row, interpret
from labeller.corpus.testset import MOST_TEXTS, TestText

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
    known: list[Row] = field(default_factory=list)  # the hash is in the project, or in the test set being filled
    refused: list[RefusedRow] = field(default_factory=list)  # by line
    known_ids: dict[str, int] = field(default_factory=dict)  # hash -> id of the text, of `known`


def sort_batch(job: ImportJob, batch: Batch, mapping: Mapping, book: LabelBook, *, added: int) -> Sorted:
    """Two queries for the hashes; labels are checked against the book, which notes those to be added. `added`: texts
    that this import has added before, for a test set has a most."""
    result = Sorted()
    good: list[Row] = []
    for row in batch.rows:
        refusal = row if isinstance(row, RefusedRow) else _refuse_labels(row, mapping, book, is_test=job.is_test)
        if refusal is not None:
            result.refused.append(refusal)
        elif isinstance(row, Row):
            good.append(row)
    result.known_ids, elsewhere = _known(job, {row.text_hash for row in good})
    seen: set[str] = set()
    for row in good:
        if row.text_hash in elsewhere:
            result.refused.append(RefusedRow(row.line, elsewhere[row.text_hash], row.beginning))
        elif row.text_hash in seen:
            result.repeated.append(row)
        elif row.text_hash in result.known_ids:
            result.known.append(row)
        elif job.is_test and added + len(result.new) >= MOST_TEXTS:
            result.refused.append(RefusedRow(row.line, reasons.TOO_MANY % {"most": f"{MOST_TEXTS:,}"}, row.beginning))
        else:
            result.new.append(row)
        seen.add(row.text_hash)
    result.refused.sort(key=lambda row: row.line)
    return result


def _known(job: ImportJob, hashes: set[str]) -> tuple[dict[str, int], dict[str, str]]:
    """(Hash -> id of texts that are where this import puts its own, hash -> why it may not come there)."""
    pool = Document.objects.filter(project=job.project, text_hash__in=hashes).values_list("text_hash", "id")
    tests = TestText.objects.filter(project=job.project, text_hash__in=hashes)
    if job.is_test:
        mine = tests.filter(test_set__job=job).values_list("text_hash", "id")
        return dict(mine), {text_hash: reasons.IN_THE_POOL for text_hash, _ in pool}
    held = tests.values_list("text_hash", "test_set__name")
    return dict(pool), {text_hash: reasons.IN_A_TEST_SET % {"name": name} for text_hash, name in held}


def _refuse_labels(row: Row, mapping: Mapping, book: LabelBook, *, is_test: bool) -> RefusedRow | None:
    if is_test and row.labels is None:
        return RefusedRow(row.line, reasons.NO_LABEL, row.beginning)
    unknown = book.missing(row.labels or ())
    if not unknown:
        return None
    reason = book.expect(unknown) if mapping.adds_labels else book.unknown_sentence(unknown[0])
    return RefusedRow(row.line, reason, row.beginning) if reason else None

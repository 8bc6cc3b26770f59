"""The first rows of a file as the mapping form shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_noop

from labeller.corpus import reasons
from labeller.corpus.errors import FileRefused
from labeller.corpus.guessing import columns_of, read_sample
from labeller.corpus.importing import upload_path
from labeller.corpus.mapping import Mapping
from labeller.corpus.models import ImportJob
from labeller.corpus.readers import Record, RefusedRow, printable
from labeller.corpus.rows import interpret

ROWS = 20
ROLES = {
    "text": gettext_noop("text"),
    "id": gettext_noop("id"),
    "labels": gettext_noop("labels"),
    "metadata": gettext_noop("metadata"),
    "": gettext_noop("left out"),
}
CELL = 160  # characters of a cell that are shown


@dataclass(frozen=True)
class Column:
    name: str
    role: str  # text, id, labels, metadata, or empty: left out

    @property
    def role_in_words(self) -> str:
        return gettext(ROLES[self.role])


@dataclass(frozen=True)
class PreviewRow:
    line: int
    cells: list[str]  # one a column; empty when the row could not be read at all
    reason: str  # why an import would refuse it; empty: it would not
    beginning: str


@dataclass(frozen=True)
class Preview:
    columns: list[Column]
    rows: list[PreviewRow]
    error: str  # the file cannot be read in this layout at all: why

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def preview(job: ImportJob, mapping: Mapping) -> Preview:
    """The first rows under this mapping. Never raises for what a file holds: the page shows it."""
    try:
        sample = read_sample(upload_path(job), mapping.layout)
    except FileRefused as error:
        return Preview([], [], str(error))
    except FileNotFoundError:
        return Preview([], [], reasons.GONE % {"file": job.file_name})
    names = columns_of(item for item in sample if isinstance(item, Record))
    rows = [_row(item, names, mapping, multi=job.project.is_multi) for item in sample[:ROWS]]
    problem = "" if names else reasons.UNREADABLE
    return Preview([Column(name, _role(name, mapping)) for name in names], rows, problem)


def _role(name: str, mapping: Mapping) -> str:
    if name == mapping.text:
        return "text"
    if name == mapping.external_id:
        return "id"
    if name == mapping.labels:
        return "labels" if mapping.reads_labels else ""
    return "" if name in mapping.left_out else "metadata"


def _row(item: Record | RefusedRow, names: list[str], mapping: Mapping, *, multi: bool) -> PreviewRow:
    if isinstance(item, RefusedRow):
        return PreviewRow(item.line, [], item.reason, item.beginning)
    cells = [_shown(item.fields.get(name)) for name in names]
    outcome = interpret(item, mapping, multi=multi)
    return PreviewRow(item.line, cells, outcome.reason if isinstance(outcome, RefusedRow) else "", item.beginning)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    plain = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return printable(plain, CELL) + ("…" if len(plain) > CELL else "")

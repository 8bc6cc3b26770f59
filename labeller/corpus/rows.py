"""One record of a file under a mapping: either a row that can become a text, or a refusal with its reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from labeller.corpus import reasons
from labeller.corpus.mapping import Mapping
from labeller.corpus.normalise import text_hash
from labeller.corpus.readers import Record, RefusedRow
from labeller.corpus.taken import Refusal, storable, taken_label, taken_text

LONGEST_ID = 200
LONGEST_METADATA = 20_000  # characters of JSON


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    text: str
    text_hash: str
    external_id: str
    metadata: dict[str, Any]
    labels: tuple[str, ...] | None  # None: the file says nothing; (): none of the labels applies
    beginning: str  # as Record has it


def interpret(record: Record, mapping: Mapping, *, multi: bool) -> Row | RefusedRow:
    """`multi`: the project takes several labels a text."""
    try:
        text = _text(record.fields, mapping.text)
        labels = _labels(record.fields.get(mapping.labels), mapping, multi=multi) if mapping.reads_labels else None
        external_id = _external_id(record.fields.get(mapping.external_id)) if mapping.external_id else ""
        metadata = _metadata(record.fields, mapping)
        return Row(record.line, text, text_hash(text), external_id, metadata, labels, record.beginning)
    except Refusal as refusal:
        return RefusedRow(record.line, str(refusal), record.beginning)


def _text(fields: dict[str, Any], column: str) -> str:
    value = fields.get(column)
    if value is None:
        raise Refusal(reasons.NO_COLUMN % {"column": column})
    if not isinstance(value, str):
        raise Refusal(reasons.NO_STRING % {"column": column})
    return taken_text(value)


def _external_id(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, list, dict)):
        raise Refusal(reasons.ODD_ID)
    plain = str(value).strip()
    if len(plain) > LONGEST_ID:
        raise Refusal(reasons.LONG_ID % {"found": len(plain), "most": LONGEST_ID})
    return storable(plain, reasons.THE_ID)


def _labels(value: Any, mapping: Mapping, *, multi: bool) -> tuple[str, ...] | None:
    """The labels named in a cell or a JSON value, each once, without outer blanks. An empty list is an answer in
    projects that take several labels: none applies. An empty cell is not: it is how tables say "not yet"."""
    names = label_names(value, mapping.separator)
    if names is None or (not names and not multi):
        return None
    if not multi and len(names) > 1:
        listed = ", ".join(f"'{name}'" for name in names)
        raise Refusal(reasons.SEVERAL_LABELS % {"found": len(names), "names": listed})
    for name in names:
        taken_label(name)
    return names


def label_names(value: Any, separator: str) -> tuple[str, ...] | None:
    """Strings, lists of strings, cells with a JSON list, and cells with a separator. None when nothing is there.
    Raises Refusal for anything else."""
    if isinstance(value, str):
        value = _split(value.strip(), separator)
    if value is None:
        return None
    parts = value if isinstance(value, list) else [value]
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, (str, int, float)):
            raise Refusal(reasons.ODD_LABEL)
    stripped = (str(part).strip() for part in parts)
    return tuple({name.casefold(): name for name in stripped if name}.values())


def _split(cell: str, separator: str) -> list[Any] | None:
    if not cell:
        return None
    if cell.startswith("[") and cell.endswith("]"):
        try:
            listed = json.loads(cell)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list):
            return listed
    return list(cell.split(separator)) if separator else [cell]


def _metadata(fields: dict[str, Any], mapping: Mapping) -> dict[str, Any]:
    """Everything that is not text, id, label or left out; empty values are not worth keeping."""
    used = {mapping.text, mapping.external_id, mapping.labels, *mapping.left_out}
    kept = {name: value for name, value in fields.items() if name not in used and value not in (None, "")}
    if not kept:
        return kept
    stored = json.dumps(kept, ensure_ascii=False)
    if len(stored) > LONGEST_METADATA:
        raise Refusal(reasons.LONG_METADATA % {"found": f"{len(stored):,}", "most": f"{LONGEST_METADATA:,}"})
    # As JSON writes it: PostgreSQL refuses this one escape, SQLite would keep it.
    storable(stored.replace("\\u0000", "\x00"), reasons.THE_METADATA)
    return kept

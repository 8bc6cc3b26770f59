"""One record of a file under a mapping: either a row that can become a text, or a refusal with its reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from labeller.corpus import reasons
from labeller.corpus.mapping import Mapping
from labeller.corpus.normalise import text_hash
from labeller.corpus.readers import Record, RefusedRow

LONGEST_TEXT = 100_000  # characters
LONGEST_ID = 200
LONGEST_LABEL = 100
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


class Refusal(Exception):
    """Why this row is not taken; `interpret` gives it back as a RefusedRow."""


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
    text = value.strip()
    if not text:
        raise Refusal(reasons.EMPTY_TEXT)
    if len(text) > LONGEST_TEXT:
        raise Refusal(reasons.LONG_TEXT % {"found": f"{len(text):,}", "most": f"{LONGEST_TEXT:,}"})
    return _storable(text, reasons.THE_TEXT)


def _storable(value: str, what: str) -> str:
    """What every database can hold. Raises Refusal for NUL and for half of a surrogate pair."""
    if "\x00" in value:
        raise Refusal(reasons.NUL % {"what": what})
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Refusal(reasons.HALF_A_PAIR % {"what": what}) from None
    return value


def _external_id(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, list, dict)):
        raise Refusal(reasons.ODD_ID)
    plain = str(value).strip()
    if len(plain) > LONGEST_ID:
        raise Refusal(reasons.LONG_ID % {"found": len(plain), "most": LONGEST_ID})
    return _storable(plain, reasons.THE_ID)


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
        if len(name) > LONGEST_LABEL:
            raise Refusal(reasons.LONG_LABEL % {"found": len(name), "most": LONGEST_LABEL})
        _storable(name, reasons.A_LABEL)
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
    _storable(stored.replace("\\u0000", "\x00"), reasons.THE_METADATA)
    return kept

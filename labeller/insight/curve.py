"""The numbers behind the curve, once: the chart, the table under it and the file to take away read these rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labeller.insight.selectors import Estimate, VersionScore

COLUMNS = (
    "model", "kind", "labels", "audit_texts",
    "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "macro_f1_low", "macro_f1_high",
    "note", "how",
)  # fmt: skip


@dataclass(frozen=True)
class CurveRow:
    """One version in the order of the curve. Estimates are None where there are too few audit texts for one."""

    model: int
    kind: str
    labels: int
    audit_texts: int
    accuracy: Estimate | None
    macro_f1: Estimate | None
    note: str
    how: str


def curve_rows(versions: Iterable[VersionScore]) -> list[CurveRow]:
    return [
        CurveRow(
            model=version.number,
            kind=version.kind,
            labels=version.n_labels,
            audit_texts=version.n_audit,
            accuracy=version.accuracy if version.has_evidence else None,
            macro_f1=version.macro_f1 if version.has_evidence else None,
            note="" if version.has_evidence else f"too few ({version.n_audit})",
            how=version.scored_how,
        )
        for version in versions
    ]


def write_csv(rows: Sequence[CurveRow], into: Any) -> None:
    """Shares between 0 and 1 with six digits; empty where there are too few audit texts."""
    out = csv.writer(into)
    out.writerow(COLUMNS)
    for row in rows:
        estimates = (*_digits(row.accuracy), *_digits(row.macro_f1))
        out.writerow([row.model, row.kind, row.labels, row.audit_texts, *estimates, row.note, row.how])


def _digits(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return ["", "", ""]
    return [f"{share:.6f}" for share in (estimate.value, estimate.low, estimate.high)]

"""The numbers behind the curve, once: the chart, the table under it and the file to take away read these rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from labeller.insight.label_curves import LabelFigure, LabelFigures
from labeller.insight.selectors import Estimate, VersionScore
from labeller.projects.models import Label
from labeller.spreadsheets import plain_cell

MODEL_KINDS = ("quick", "full")
FIGURES = ("accuracy", "macro_f1", "micro_f1")
BOUNDS = ("", "_low", "_high")
COLUMNS = ("model", "kind", "labels", "audit_texts", *(f + bound for f in FIGURES for bound in BOUNDS), "note", "how")


@dataclass(frozen=True)
class CurveRow:
    """One point in the order of the curve: a version, or a point of a line beside it (then `model` is 0). Estimates are
    None where there are too few texts for one."""

    model: int
    kind: str  # of a version "quick" or "full", else the line's name
    labels: int
    audit_texts: int  # or test texts, where the rows are those of a test file
    accuracy: Estimate | None
    macro_f1: Estimate | None
    note: str
    how: str
    micro_f1: Estimate | None = None
    label_f1: Estimate | None = None  # of the label that was asked for
    label_texts: int = 0  # audit texts that carry it

    @property
    def is_model(self) -> bool:
        return self.kind in MODEL_KINDS


def curve_rows(versions: Iterable[VersionScore]) -> list[CurveRow]:
    return [
        CurveRow(
            model=version.number,
            kind=version.kind,
            labels=version.n_labels,
            audit_texts=version.n_audit,
            accuracy=version.accuracy if version.has_evidence else None,
            macro_f1=version.macro_f1 if version.has_evidence else None,
            micro_f1=version.micro_f1 if version.has_evidence else None,
            note="" if version.has_evidence else f"too few ({version.n_audit})",
            how=version.scored_how,
        )
        for version in versions
    ]


def with_label(rows: Iterable[CurveRow], figures: LabelFigures, label_id: int) -> list[CurveRow]:
    """The same rows with the F1 of one label; without it where too few audit texts carry the label."""
    told = []
    for row in rows:
        figure = figures.get(row.model, {}).get(label_id, LabelFigure(0, None))
        f1 = figure.f1 if figure.has_evidence and not row.note else None
        note = row.note or ("" if figure.has_evidence else f"too few with this label ({figure.support})")
        told.append(replace(row, label_f1=f1, label_texts=figure.support, note=note))
    return told


def write_csv(
    rows: Sequence[CurveRow],
    into: Any,
    *,
    labels: Sequence[Label] = (),
    figures: Mapping[int, Any] | None = None,
    texts: str = "audit_texts",
) -> None:
    """Shares between 0 and 1 with six digits; empty where there are too few texts. `figures` has each version's F1 of
    the `labels`, three columns a label. `texts`: head of the column that counts what was measured on."""
    out = csv.writer(into)
    names = [plain_cell(f"f1 of {label.name}{bound.replace('_', ' ')}") for label in labels for bound in BOUNDS]
    out.writerow([texts if name == "audit_texts" else name for name in COLUMNS] + names)
    for row in rows:
        by_label = (figures or {}).get(row.model, {})
        found = [by_label.get(label.pk, LabelFigure(0, None)) for label in labels]
        f1 = [figure.f1 if figure.has_evidence and not row.note else None for figure in found]
        estimates = [cell for name in FIGURES for cell in _digits(getattr(row, name))]
        of_labels = [cell for estimate in f1 for cell in _digits(estimate)]
        model = row.model if row.is_model else ""
        out.writerow(
            [model, row.kind, row.labels, row.audit_texts, *estimates, row.note, row.how, *of_labels],
        )


def _digits(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return ["", "", ""]
    return [f"{share:.6f}" for share in (estimate.value, estimate.low, estimate.high)]

"""The numbers behind the curve, once: the chart, the table under it and the file to take away read these rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from labeller.insight.label_curves import LabelFigure, LabelFigures
from labeller.insight.older_texts import passed_over
from labeller.insight.selectors import Estimate, VersionScore
from labeller.projects.models import Label
from labeller.spreadsheets import plain_cell

MODEL_KINDS = ("quick", "full")
FIGURES = ("accuracy", "macro_f1", "micro_f1")
PLAIN = ("plain_accuracy", "plain_f1")
PLAIN_KINDS = {"quick": "quick, plain", "full": "full, plain"}
KIND_NAMES = {
    "quick": pgettext_lazy("model", "quick"),
    "full": pgettext_lazy("model", "full"),
    "quick, plain": gettext_lazy("quick, plain"),
    "full, plain": gettext_lazy("full, plain"),
    "test-then-train": gettext_lazy("test-then-train"),
    "all labels": gettext_lazy("all labels"),
    "random labels": gettext_lazy("random labels"),
    "people": gettext_lazy("people"),
}
BOUNDS = ("", "_low", "_high")
ESTIMATES = tuple(figure + bound for figure in (*FIGURES, *PLAIN) for bound in BOUNDS)
COLUMNS = ("model", "kind", "labels", "audit_texts", *ESTIMATES, "note", "how")


@dataclass(frozen=True)
class CurveRow:
    """One point in the order of the curve: a version, or a point of a line beside it (then `model` is 0). Estimates are
    None where there are too few texts for one. A version's accuracy and macro-F1 are the leading ones; the plain ones
    beside are None where they lead themselves."""

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
    plain_accuracy: Estimate | None = None
    plain_f1: Estimate | None = None

    @property
    def is_model(self) -> bool:
        return self.kind in MODEL_KINDS

    @property
    def kind_name(self) -> str:
        """In the page's language; `kind` itself is a key."""
        return str(KIND_NAMES[self.kind])

    @property
    def has_micro_f1(self) -> bool:
        """Whether micro-F1 says anything of its own: with one label a text it is the plain accuracy."""
        return self.micro_f1 not in (None, self.plain_accuracy or self.accuracy)


def too_few(texts: int) -> str:
    return _("too few (%(texts)d)") % {"texts": texts}


def curve_rows(versions: Iterable[VersionScore]) -> list[CurveRow]:
    return [
        CurveRow(
            model=version.number,
            kind=version.kind,
            labels=version.n_labels,
            audit_texts=version.n_audit,
            accuracy=version.leading_accuracy if version.has_evidence else None,
            macro_f1=version.leading_f1 if version.has_evidence else None,
            plain_accuracy=version.plain_accuracy if version.has_evidence else None,
            plain_f1=version.plain_f1 if version.has_evidence else None,
            micro_f1=version.micro_f1 if version.has_evidence else None,
            note="" if version.has_evidence else too_few(version.n_audit),
            how=_how(version),
        )
        for version in versions
    ]


def _how(version: VersionScore) -> str:
    how = _(version.scored_how) if version.scored_how else ""
    if version.sample is None or not version.has_evidence:
        return how
    return f"{how} {passed_over(version.n_audit, version.sample)}".strip()


def plain_rows(rows: Iterable[CurveRow]) -> list[CurveRow]:
    """The plain estimates as a line of their own beside the leading ones, where they differ."""
    return [
        CurveRow(
            model=0,
            kind=PLAIN_KINDS[row.kind],
            labels=row.labels,
            audit_texts=row.audit_texts,
            accuracy=row.plain_accuracy,
            macro_f1=row.plain_f1,
            note="" if row.plain_accuracy and row.plain_f1 else _("the plain figure leads"),
            how=row.how,
        )
        for row in rows
        if row.is_model and (row.plain_accuracy or row.plain_f1)
    ]


def with_label(rows: Iterable[CurveRow], figures: LabelFigures, label_id: int) -> list[CurveRow]:
    """The same rows with the F1 of one label; without it where too few audit texts carry the label."""
    told = []
    for row in rows:
        figure = figures.get(row.model, {}).get(label_id, LabelFigure(0, None))
        f1 = figure.f1 if figure.has_evidence and not row.note else None
        few = _("too few with this label (%(texts)d)") % {"texts": figure.support}
        note = row.note or ("" if figure.has_evidence else few)
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
    """Shares between 0 and 1 with six digits; empty where there are too few texts, and of the plain figures where they
    lead themselves. `figures` has each version's F1 of the `labels`, three columns a label. `texts`: head of the column
    that counts what was measured on."""
    out = csv.writer(into)
    names = [plain_cell(f"f1 of {label.name}{bound.replace('_', ' ')}") for label in labels for bound in BOUNDS]
    out.writerow([texts if name == "audit_texts" else name for name in COLUMNS] + names)
    for row in rows:
        by_label = (figures or {}).get(row.model, {})
        found = [by_label.get(label.pk, LabelFigure(0, None)) for label in labels]
        f1 = [figure.f1 if figure.has_evidence and not row.note else None for figure in found]
        estimates = [cell for name in (*FIGURES, *PLAIN) for cell in _digits(getattr(row, name))]
        of_labels = [cell for estimate in f1 for cell in _digits(estimate)]
        model = row.model if row.is_model else ""
        out.writerow(
            [model, row.kind, row.labels, row.audit_texts, *estimates, row.note, row.how, *of_labels],
        )


def _digits(estimate: Estimate | None) -> list[str]:
    if estimate is None:
        return ["", "", ""]
    return [f"{share:.6f}" for share in (estimate.value, estimate.low, estimate.high)]

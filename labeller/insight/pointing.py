"""What pointing at a point of the curve tells: names and figures, in the page's language. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from labeller.insight.curve import CurveRow
from labeller.insight.selectors import Estimate
from labeller.insight.sentences import decimal_range, percent_range


def names_told(rows: Sequence[CurveRow], metric: str, name: str, texts: str) -> list[str]:
    """The names of a point's figures in their order, without those that no point has. `texts`: what is counted."""
    plain = any(row.plain_accuracy or row.plain_f1 for row in rows)
    return [
        *(_("Model"), _("Labels"), _("Accuracy"), _("Macro-F1")),
        *((_("Plain accuracy"), _("Plain macro-F1")) if plain else ()),
        *((_("Micro-F1"),) if any(row.has_micro_f1 for row in rows) else ()),
        texts,
        *((name, _("With the label")) if metric == "label_f1" else ()),
    ]


def figures_told(row: CurveRow, metric: str, name: str, texts: str) -> dict[str, str]:
    """A point's figures by their names."""
    told = {
        _("Model"): f"{row.model} ({row.kind_name})" if row.is_model else row.kind_name,
        _("Labels"): str(row.labels),
        _("Accuracy"): _("not measured") if row.accuracy is None else percent_range(row.accuracy),
        _("Macro-F1"): _measured(row.macro_f1),
        _("Plain accuracy"): _("the same") if row.plain_accuracy is None else percent_range(row.plain_accuracy),
        _("Plain macro-F1"): _("the same") if row.plain_f1 is None else decimal_range(row.plain_f1),
        _("Micro-F1"): _measured(row.micro_f1),
        texts: str(row.audit_texts),
    }
    if metric == "label_f1":
        told |= {name: _measured(row.label_f1), _("With the label"): str(row.label_texts)}
    return told


def _measured(share: Estimate | None) -> str:
    return _("not measured") if share is None else decimal_range(share)

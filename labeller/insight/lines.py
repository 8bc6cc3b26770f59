"""The lines beside the models: what was measured otherwise, on the same axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from labeller.insight.ceiling import people_rows
from labeller.insight.curve import FIGURES, CurveRow, too_few
from labeller.insight.selectors import Estimate
from labeller.learning.measures import OrderComparison, RunningScore
from labeller.learning.triggers import ENOUGH_AUDIT
from labeller.projects.models import Project

RUNNING, CHOSEN, RANDOM = "test-then-train", "all labels", "random labels"


@dataclass(frozen=True)
class Line:
    """One switch of the picture."""

    name: str | Promise
    rows: Callable[[Project], list[CurveRow]]


def running_rows(project: Project) -> list[CurveRow]:
    """Test, then train: a window of answers at each point. One query."""
    scores = RunningScore.objects.filter(project=project).order_by("n_labels", "id")
    return [
        _row(
            RUNNING,
            score.n_labels,
            score.n_texts,
            score.metrics,
            _("The last %(texts)d texts drawn at random, each against what was said before anybody answered.")
            % {"texts": score.n_texts},
        )
        for score in scores.defer("annotation_ids")
    ]


def order_rows(project: Project) -> list[CurveRow]:
    """The newest comparison of orders: both arms. One query, without the answers of every head."""
    newest = newest_comparison(project)
    if newest is None:
        return []
    return [
        _row(kind, round(head["learnt"]), newest.n_audit, head["metrics"], _(ORDER_HOW))
        for key, kind in (("chosen", CHOSEN), ("random", RANDOM))
        for head in newest.curves[key]
    ]


ORDER_HOW = gettext_noop(
    "The same head over the encoder as it came; cross-fitted on the audit texts of the last comparison."
)


def newest_comparison(project: Project) -> OrderComparison | None:
    """Without its answers, which only a recomputation needs. One query."""
    rows = OrderComparison.objects.filter(project=project).defer("answers", "gold", "document_ids")
    return rows.order_by("-id").first()


LINES: dict[str, Line] = {
    "running": Line(gettext_lazy("Test, then train"), running_rows),
    "orders": Line(gettext_lazy("All labels and random labels alone"), order_rows),
    "people": Line(gettext_lazy("People"), people_rows),
}

PLAIN_LINE = "plain"  # of the versions' own rows, so no line of LINES
NAMES: dict[str, str | Promise] = {
    PLAIN_LINE: gettext_lazy("Plain figures"),
    **{key: line.name for key, line in LINES.items()},
}


def line_rows(project: Project, key: str) -> list[CurveRow]:
    return LINES[key].rows(project)


def _row(kind: str, labels: int, texts: int, metrics: dict[str, Any], how: str) -> CurveRow:
    has_evidence = texts >= ENOUGH_AUDIT
    accuracy, macro_f1, micro_f1 = (Estimate.read(metrics.get(name)) if has_evidence else None for name in FIGURES)
    return CurveRow(
        model=0,
        kind=kind,
        labels=labels,
        audit_texts=texts,
        accuracy=accuracy,
        macro_f1=macro_f1,
        micro_f1=micro_f1,
        note="" if has_evidence else too_few(texts),
        how=how,
    )

"""The audit's numbers: what a model's answers on uniformly drawn texts say about it, and how surely.

Only texts drawn at random may come here. Texts a model chose are harder than the pool and would slander it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.f1_intervals import label_f1, macro_f1_with_unmet, micro_f1
from modelsvc.evaluation.intervals import EvaluationError, Interval, bootstrap_macro_f1, macro_f1, paired_worse, wilson
from modelsvc.types import Targets

__all__ = [
    "AuditReport", "EvaluationError", "Interval", "LabelReport",
    "audit_report", "bootstrap_macro_f1", "macro_f1", "paired_worse", "wilson",
]  # fmt: skip


@dataclass(frozen=True)
class LabelReport:
    """One label in the audit. Shares are None where nothing was there to be counted."""

    label: int  # column
    support: int  # texts that carry it
    predicted: int  # texts the model gave it to
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


@dataclass(frozen=True)
class AuditReport:
    """The audit of one model. Accuracy with several labels a text is the share whose whole set is right."""

    n: int
    accuracy: Interval
    macro_f1: Interval
    resampled_f1: Interval  # macro-F1 with the bootstrap's interval alone, by which figures were stored before
    micro_f1: Interval
    per_label: list[LabelReport]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, ready for JSON."""
        return asdict(self)


def audit_report(
    Y_true: Targets, Y_pred: Targets, *, multi_label: bool, seed: int, known: int | None = None
) -> AuditReport:
    """Score answers (n, C) against truth (n, C). `known`: the first so many columns are labels that the model knew,
    without it all; of the others only those that were met have a part in macro-F1. Raises EvaluationError without rows,
    or where shapes differ."""
    if Y_true.shape != Y_pred.shape or Y_true.shape[0] == 0:
        raise EvaluationError(f"Truth {Y_true.shape} and prediction {Y_pred.shape} must be the same, with rows.")
    true, pred = Y_true > 0, Y_pred > 0
    if not multi_label and not ((true.sum(axis=1) == 1).all() and (pred.sum(axis=1) == 1).all()):
        raise EvaluationError("With one label a text, truth and prediction must have exactly 1 label in each row.")
    n = true.shape[0]
    per_label = label_reports(Y_true, Y_pred)
    resampled = bootstrap_macro_f1(Y_true, Y_pred, seed=seed)
    return AuditReport(
        n=n,
        accuracy=wilson(int((true == pred).all(axis=1).sum()), n),
        macro_f1=macro_f1_with_unmet(
            resampled, [label.f1 for label in per_label if known is None or label.label < known or label.f1]
        ),
        resampled_f1=resampled,
        micro_f1=micro_f1(Y_true, Y_pred, multi_label=multi_label),
        per_label=per_label,
    )


def label_reports(Y_true: Targets, Y_pred: Targets) -> list[LabelReport]:
    """(n, C), (n, C) -> C of them."""
    true, pred = Y_true > 0, Y_pred > 0
    return [_label_report(c, true[:, c], pred[:, c]) for c in range(true.shape[1])]


def wrong_by_label(Y_true: Targets, Y_pred: Targets) -> NDArray[np.int64]:
    """Texts on which each label was missed or given wrongly. (n, C), (n, C) -> (C,)"""
    return np.asarray(((Y_true > 0) != (Y_pred > 0)).sum(axis=0), np.int64)


def _label_report(label: int, true: np.ndarray[Any, Any], pred: np.ndarray[Any, Any]) -> LabelReport:
    support, predicted, hits = int(true.sum()), int(pred.sum()), int((true & pred).sum())
    return LabelReport(
        label=label,
        support=support,
        predicted=predicted,
        precision=wilson(hits, predicted) if predicted else None,
        recall=wilson(hits, support) if support else None,
        f1=label_f1(hits, support=support, given=predicted),
    )

"""Figures with the model's help, where few audit texts are wrong.

The help is what the model expects, times observed over expected. Next to nothing stays so, whatever it is multiplied
by: a model that expects no mistake and is right on 30 of 30 texts would be right on all the pool without a doubt. How
often it is wrong is not known from fewer than five mistakes, as with a share (modelsvc/evaluation/ppi.py). So then no
figure is surer than the audit texts alone make it.
"""

from __future__ import annotations

from dataclasses import replace

from modelsvc.evaluation.assisted_f1 import Assisted, LabelFigures
from modelsvc.evaluation.evaluate import LabelReport, audit_report, label_reports, wrong_by_label
from modelsvc.evaluation.intervals import Interval
from modelsvc.evaluation.ppi import LEAST_OF_A_KIND
from modelsvc.types import Targets

NO_WIDTH = 0.001  # three digits would show the same number thrice


def with_few_wrong(
    found: Assisted | None, truth: Targets, answers: Targets, *, multi_label: bool, seed: int
) -> Assisted | None:
    """`found` for these audit texts (n, C), as far as it may lead; None where the plain figures do.

    One label a text: fewer than five texts right, or wrong, and nothing leads, as with accuracy. Several: most texts
    carry none and few are ever wrong, and macro-F1 with the model's help was tried just there; it leads as long as it
    leaves a doubt. Of single labels each is looked at for itself.
    """
    if found is None:
        return None
    right = int(((truth > 0) == (answers > 0)).all(axis=1).sum())
    if not multi_label and min(right, len(truth) - right) < LEAST_OF_A_KIND:
        return None
    macro_f1 = found.macro_f1
    if macro_f1.high - macro_f1.low < NO_WIDTH:
        macro_f1 = _wider(macro_f1, audit_report(truth, answers, multi_label=multi_label, seed=seed).macro_f1)
    few = wrong_by_label(truth, answers) < LEAST_OF_A_KIND
    of_labels = zip(found.labels, label_reports(truth, answers), few, strict=True)
    labels = [_no_surer(label, alone) if is_few else label for label, alone, is_few in of_labels]
    return replace(found, macro_f1=macro_f1, labels=labels)


def _no_surer(label: LabelFigures, alone: LabelReport) -> LabelFigures:
    precision = label.precision and _wider(label.precision, alone.precision)
    return LabelFigures(precision, _wider(label.recall, alone.recall), _wider(label.f1, alone.f1))


def _wider(found: Interval, alone: Interval | None) -> Interval:
    """With the farther of both ends on either side; from nothing counted follows nothing."""
    if alone is None:
        return found
    return replace(found, low=min(found.low, alone.low), high=max(found.high, alone.high))

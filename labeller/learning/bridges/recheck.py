"""Every figure again from the frozen facts it was made of: predictions and answers as they were then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeller.learning.agreement import AgreementReading
from labeller.learning.bridges.recheck_readings import reading_again, reading_as_stored
from labeller.learning.bridges.running import hot, overall_metrics
from labeller.learning.bridges.testscore import test_figures
from labeller.learning.bridges.versions import reliability_of
from labeller.learning.bridges.weigh import figures_of
from labeller.learning.measures import OrderComparison, RunningScore
from labeller.learning.models import AuditPrediction, ModelVersion, PoolReading
from labeller.learning.testscores import TestScore
from labeller.projects.models import Project
from modelsvc.evaluation.evaluate import audit_report
from modelsvc.evaluation.saving import Arm, labels_saved


@dataclass(frozen=True)
class Rechecked:
    """One stored result made again."""

    what: str
    differences: list[str]  # figures that came out otherwise, with both values


def recheck(project: Project) -> Iterator[Rechecked]:
    """All that was frozen with its evidence: versions, readings, running scores, comparisons of orders, scores on the
    test file, readings of agreement; each kind oldest first."""
    for version in ModelVersion.objects.filter(project=project).order_by("number"):
        yield Rechecked(f"model {version.number}", list(differing(version.metrics, _of_version(project, version))))
    for reading in PoolReading.objects.filter(version__project=project).select_related("version").order_by("version"):
        again = reading_again(reading, multi_label=project.is_multi)
        yield Rechecked(
            f"reading of model {reading.version.number}", list(differing(reading_as_stored(reading), again))
        )
    for score in RunningScore.objects.filter(project=project):
        again = _of_running(project, score)
        yield Rechecked(f"running score at {score.n_labels} labels", list(differing(score.metrics, again)))
    for comparison in OrderComparison.objects.filter(project=project):
        stored = {"saved": comparison.saved, "curves": _figures(comparison.curves)}
        yield Rechecked(
            f"orders at {comparison.n_labels} labels", list(differing(stored, _of_orders(project, comparison)))
        )

    for test in TestScore.objects.filter(version__project=project).select_related("version", "answers"):
        yield Rechecked(
            f"model {test.version.number} on the test file", list(differing(test.metrics, _of_test(project, test)))
        )
    for agreement in AgreementReading.objects.filter(project=project):
        again = {name: as_json(value) for name, value in figures_of(agreement).items()}
        stored = {name: getattr(agreement, name) for name in again}
        yield Rechecked(f"agreement at {agreement.n_answers} answers", list(differing(stored, again)))


def as_json(value: Any) -> Any:
    """Tuples come back from the database as lists."""
    return json.loads(json.dumps(value))


def differing(stored: Any, again: Any, path: str = "") -> Iterator[str]:
    """Where two results differ, to the last digit. What was stored as a plain figure before it had an interval is
    compared with the value alone, and macro-F1 from before labels that were not met widened its interval with the
    bootstrap's."""
    if isinstance(again, tuple):  # as JSON gives it back
        again = list(again)
    if isinstance(stored, float) and isinstance(again, dict) and "value" in again:
        again = again["value"]
    if isinstance(stored, dict) and isinstance(again, dict):
        if "resampled_f1" in again and "resampled_f1" not in stored:
            again = again | {"macro_f1": again["resampled_f1"]}
            del again["resampled_f1"]
        for key in sorted(stored.keys() | again.keys()):
            yield from differing(stored.get(key), again.get(key), f"{path}.{key}" if path else key)
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for at, (one, other) in enumerate(zip(stored, again, strict=True)):
            yield from differing(one, other, f"{path}[{at}]")
    elif stored != again:
        yield f"{path or 'all'}: stored {stored!r}, now {again!r}"


def _of_version(project: Project, version: ModelVersion) -> dict[str, Any]:
    column = {label_id: at for at, label_id in enumerate(version.label_ids)}
    frozen = AuditPrediction.objects.filter(version=version).order_by("pk")
    rows = list(frozen.values_list("predicted", "gold", "probabilities"))
    said, gold = ([[column[pk] for pk in row[part]] for row in rows] for part in (0, 1))
    if not said:
        return {}
    C = len(column)
    multi, seed = project.is_multi, version.seed
    figures = audit_report(hot(gold, C), hot(said, C), multi_label=multi, seed=seed).to_dict()
    if "reliability" in version.metrics:  # the first versions had none
        figures["reliability"] = reliability_of([row[2] for row in rows], hot(said, C), hot(gold, C), multi, seed)
    return figures


def _of_running(project: Project, score: RunningScore) -> dict[str, Any]:
    C, multi = len(score.label_ids), project.is_multi
    return overall_metrics(hot(score.gold, C), hot(score.said, C), multi_label=multi, seed=project.seed)


def _of_orders(project: Project, comparison: OrderComparison) -> dict[str, Any]:
    C, multi, seed = len(comparison.label_ids), project.is_multi, comparison.seed
    gold = hot(comparison.gold, C)
    answers = {key: [hot(answer, C) for answer in heads] for key, heads in comparison.answers.items()}
    arms = {
        key: Arm(np.array([head["learnt"] for head in comparison.curves[key]]), np.array(heads, np.uint8))
        for key, heads in answers.items()
    }
    saved = labels_saved(arms["chosen"], arms["random"], gold, multi_label=multi, seed=seed)
    curves = {
        key: [overall_metrics(gold, answer, multi_label=multi, seed=seed) for answer in heads]
        for key, heads in answers.items()
    }
    return {"saved": saved.to_dict(), "curves": curves}


def _of_test(project: Project, score: TestScore) -> dict[str, Any]:
    kept, multi = score.answers, project.is_multi
    C, seed = len(score.label_ids), score.version.seed
    return test_figures(C, kept.gold, kept.said, kept.probabilities, multi_label=multi, seed=seed)


def _figures(curves: dict[str, Any]) -> dict[str, Any]:
    return {key: [head["metrics"] for head in heads] for key, heads in curves.items()}

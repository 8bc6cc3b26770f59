"""Test, then train (prequential evaluation, Dawid 1984): each answer to a text drawn at random, against what the model
of that moment had said of it before anybody answered. The running figure over the newest of them says how the loop did
lately, and needs no cross-fitting: nobody had learnt from the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from labeller.annotation.models import Annotation, Source
from labeller.annotation.selectors import label_sets
from labeller.learning.measures import AnswerThresholds, RunningScore
from labeller.projects.models import Label, Project
from labeller.projects.selectors import merged_labels
from modelsvc.evaluation.evaluate import audit_report
from modelsvc.types import Head, Targets

WINDOW = 50
OVERALL = ("accuracy", "macro_f1", "resampled_f1", "micro_f1")  # of a single label a window has too few texts


@dataclass(frozen=True)
class Window:
    """Texts with both the answer and what was said before, oldest first."""

    annotation_ids: list[int]
    label_ids: list[int]
    said: Targets  # (n, C)
    gold: Targets  # (n, C)


def note_running(project: Project, *, n_labels: int) -> RunningScore | None:
    """Store the running figure of this moment; None before the first text that was predicted and answered."""
    window = window_of(project, _newest(project))
    if not window.annotation_ids:
        return None
    return RunningScore.objects.create(
        project=project,
        n_labels=n_labels,
        n_texts=len(window.annotation_ids),
        annotation_ids=window.annotation_ids,
        label_ids=window.label_ids,
        said=columns_of(window.said),
        gold=columns_of(window.gold),
        metrics=overall_metrics(window.gold, window.said, multi_label=project.is_multi, seed=project.seed),
    )


def note_thresholds(project: Project, model_key: str, head: Head, label_ids: list[int]) -> None:
    """Keep from which probability on this ranking's head gives each label, where a text may have several."""
    if project.is_multi:
        thresholds = {str(i): round(float(t), 5) for i, t in zip(label_ids, head.thresholds, strict=True)}
        AnswerThresholds.objects.update_or_create(
            project=project, model_key=model_key, defaults={"thresholds": thresholds}
        )


def overall_metrics(gold: Targets, said: Targets, *, multi_label: bool, seed: int) -> dict[str, Any]:
    """The figures of all labels together, as a dict of plain numbers. (n, C), (n, C)"""
    report = audit_report(gold, said, multi_label=multi_label, seed=seed).to_dict()
    return {name: report[name] for name in OVERALL}


def _newest(project: Project) -> list[Annotation]:
    """The newest answers, oldest first: of a text that several people answered, the first. One that was changed since
    has the place of the answer that it replaced: what was said before is of that moment. One query."""
    answers = _answers(project)
    earlier = answers.filter(document=OuterRef("document"), pk__lt=OuterRef("pk"))
    to_the_same = Annotation.objects.filter(document=OuterRef("document"), model_key=OuterRef("model_key"))
    first = Subquery(to_the_same.order_by("pk").values("pk")[:1])
    newest = answers.filter(~Exists(earlier)).order_by(first.desc(), "-pk")[:WINDOW]
    return list(newest)[::-1]


def _answers(project: Project) -> QuerySet[Annotation]:
    """Those with labels, and those whose text was decided in the review since."""
    decided = Annotation.objects.filter(document=OuterRef("document"), superseded_at=None, source=Source.REVIEW)
    return Annotation.objects.filter(
        Q(status=Annotation.Status.LABELLED) | Exists(decided),
        project=project,
        superseded_at=None,
        source=Source.AUDIT,
        prediction__isnull=False,
    )


def window_of(project: Project, answers: list[Annotation]) -> Window:
    """These answers as arrays, columns in the order of the project's labels. Left out is what cannot be scored: an
    answer whose label is gone, and where a text may have several one of whose ranking no thresholds were kept. Of many
    labels a prediction keeps the likeliest five: no more of them count as given. What was decided in the review is the
    truth, also of a text that was answered otherwise. Merged labels are read as what they became, in answers and
    predictions alike. Five queries."""
    column = {pk: at for at, pk in enumerate(Label.objects.filter(project=project).values_list("pk", flat=True))}
    decisions, read_as = _decisions([answer.document_id for answer in answers]), merged_labels(project.pk)
    given = label_sets([decisions.get(answer.document_id, answer.pk) for answer in answers])
    keys = {answer.model_key for answer in answers} if project.is_multi else set()
    kept = AnswerThresholds.objects.filter(project=project, model_key__in=keys)
    thresholds: dict[str, dict[str, float]] = dict(kept.values_list("model_key", "thresholds"))
    ids, said, gold = [], [], []
    for answer in answers:
        before = _said(answer, thresholds.get(answer.model_key), is_multi=project.is_multi)
        labels = given.get(decisions.get(answer.document_id, answer.pk), ())
        before = before and list(dict.fromkeys(read_as.get(pk, pk) for pk in before))
        told = [[column[pk] for pk in part if pk in column] for part in (before or (), labels)]
        if before is None or not (project.is_multi or all(told)):
            continue
        ids.append(answer.pk)
        said.append(told[0])
        gold.append(told[1])
    return Window(ids, list(column), hot(said, len(column)), hot(gold, len(column)))


def _decisions(document_ids: list[int]) -> dict[int, int]:
    """Document id -> id of the decision that stands."""
    stand = Annotation.objects.filter(document__in=document_ids, superseded_at=None, source=Source.REVIEW)
    return dict(stand.values_list("document_id", "pk"))


def _said(answer: Annotation, thresholds: dict[str, float] | None, *, is_multi: bool) -> list[int] | None:
    """Label ids that the model of that moment would have given; None where that is not known."""
    prediction: dict[str, float] = answer.prediction or {}
    if not is_multi:
        return [int(max(prediction, key=lambda pk: prediction[pk]))] if prediction else None
    if thresholds is None:
        return None
    return [int(pk) for pk, share in prediction.items() if share >= thresholds.get(pk, np.inf)]


def columns_of(rows: Targets) -> list[list[int]]:
    """Of each text the columns that are 1."""
    return [np.flatnonzero(row).tolist() for row in rows]


def hot(columns: list[list[int]], C: int) -> Targets:
    """Lists of columns, one a text, as rows of 0 and 1. -> (n, C)"""
    rows = np.zeros((len(columns), C), np.uint8)
    for at, those in enumerate(columns):
        rows[at, those] = 1
    return rows

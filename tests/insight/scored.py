"""Model versions with audit figures, made the way a run would leave them: rows whose metrics are an AuditReport."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import numpy as np
from django.utils import timezone

from labeller.annotation.models import Annotation, Source
from labeller.corpus.models import Document
from labeller.learning.bridges.versions import CROSS_FITTED
from labeller.learning.measures import OrderComparison, RunningScore
from labeller.learning.models import AuditPrediction, ModelVersion
from labeller.projects.models import Project, User
from modelsvc.evaluation.evaluate import audit_report
from modelsvc.evaluation.reliability import of_answers
from tests.cast import add_texts


def add_version(
    project: Project,
    *,
    n_labels: int,
    n_audit: int,
    right: float = 0.8,
    kind: str = "quick",
    promoted: bool = False,
    base: ModelVersion | None = None,
) -> ModelVersion:
    """The next version, with the report of `n_audit` texts of which the share `right` was answered rightly."""
    ids = list(project.labels.values_list("pk", flat=True))
    number = project.versions.count() + 1
    return ModelVersion.objects.create(
        project=project,
        number=number,
        kind=kind,
        base=base,
        encoder="all-MiniLM-L6-v2",
        encoder_sha256="0" * 64,
        folder=f"{project.slug}/{number}",
        label_ids=ids,
        n_labels=n_labels,
        n_audit=n_audit,
        metrics=_report(n_audit, len(ids), right, number, multi_label=project.is_multi) if n_audit else {},
        scored_how=CROSS_FITTED,
        seed=7,
        duration_s=48.0 if kind == "full" else 0.4,
        promoted_at=timezone.now() if promoted else None,
    )


def _report(n: int, n_labels: int, right: float, seed: int, *, multi_label: bool) -> dict[str, object]:
    """Truth in turn over the labels; the last answers of the list are the wrong ones, each by the next label."""
    rows = np.arange(n)
    truth = rows % n_labels
    said = np.where(rows < round(right * n), truth, (truth + 1) % n_labels)
    eye = np.eye(n_labels, dtype=np.uint8)
    return audit_report(eye[truth], eye[said], multi_label=multi_label, seed=seed).to_dict()


def add_running_score(project: Project, *, n_labels: int, n_texts: int, right: float = 0.8) -> RunningScore:
    """The window of answers at this number of labels."""
    return RunningScore.objects.create(
        project=project,
        n_labels=n_labels,
        n_texts=n_texts,
        annotation_ids=[],
        label_ids=[],
        said=[],
        gold=[],
        metrics=overall(_report(n_texts, project.labels.count(), right, 1, multi_label=project.is_multi)),
    )


def add_comparison(
    project: Project,
    *,
    n_labels: int,
    n_random: int,
    n_audit: int,
    saved: tuple[float | None, float | None, float | None] = (12.0, 3.0, 20.0),
) -> OrderComparison:
    """Both arms at three counts each, the chosen one ahead, and what came of it: value, low, high."""
    metrics = [
        overall(_report(n_audit, project.labels.count(), right, 1, multi_label=project.is_multi))
        for right in (0.5, 0.6, 0.7, 0.8)
    ]
    arms = {"chosen": (n_labels, metrics[1:]), "random": (n_random, metrics[:3])}
    curves = {
        key: [
            {"labels": n * part // 3, "learnt": 0.9 * n * part / 3, "metrics": told}
            for part, told in zip((1, 2, 3), points, strict=True)
        ]
        for key, (n, points) in arms.items()
    }
    value, low, high = saved
    return OrderComparison.objects.create(
        project=project,
        n_labels=n_labels,
        n_random=n_random,
        n_audit=n_audit,
        encoder=project.encoder,
        encoder_sha256="0" * 64,
        label_ids=list(project.labels.values_list("pk", flat=True)),
        document_ids=[],
        gold=[],
        answers={},
        curves=curves,
        saved={"value": value, "low": low, "high": high, "random": float(n_random), "chosen": n_random - (value or 0)},
        seed=7,
        duration_s=1.0,
    )


def overall(report: dict[str, object]) -> dict[str, object]:
    """What is kept of a report where single labels say nothing."""
    return {name: report[name] for name in ("accuracy", "macro_f1", "micro_f1")}


def add_labels(project: Project, annotator: User, *, audit: int, active: int = 0) -> None:
    """New texts, answered: `audit` of them drawn at random, `active` chosen by a model; labels in turn."""
    labels = list(project.labels.all())
    start = project.documents.count()
    texts = add_texts(project, [f"Clause {start + at}." for at in range(audit + active)])
    for at, text in enumerate(texts):
        annotation = Annotation.objects.create(
            key=uuid4(),
            project=project,
            document=text,
            annotator=annotator,
            status=Annotation.Status.LABELLED,
            source=Source.AUDIT if at < audit else Source.ACTIVE,
            created_at=timezone.now() - timedelta(minutes=1),
        )
        annotation.labels.add(labels[at % len(labels)])


def answered(
    project: Project,
    texts: Sequence[str],
    gold: Sequence[str],
    said: Sequence[str],
    *,
    kind: str = "quick",
    sure: float = 0.9,
) -> ModelVersion:
    """A version and its frozen answers to these audit texts. Labels by name, several joined by "+", none as "". It is
    `sure` of what it says, and the last of its texts 5 points surer than the first."""
    documents = [project.documents.filter(text=text).first() or add_texts(project, [text])[0] for text in texts]
    ids = dict(project.labels.values_list("name", "pk"))
    truth, answers = ([_ids(ids, names) for names in column] for column in (gold, said))
    proba = [_proba(list(ids.values()), one, sure + 0.05 * at / len(texts)) for at, one in enumerate(answers)]
    Y = [np.array([[pk in one for pk in ids.values()] for one in column], np.uint8) for column in (truth, answers)]
    report = audit_report(*Y, multi_label=project.is_multi, seed=7).to_dict()
    reliability = of_answers(np.array(proba, np.float32), Y[1], Y[0], multi_label=project.is_multi, seed=7)
    version = add_version(project, n_labels=3 * len(texts), n_audit=len(texts), kind=kind)
    version.metrics = report | {"reliability": reliability.to_dict() if reliability else None}
    version.save(update_fields=["metrics"])
    AuditPrediction.objects.bulk_create(
        AuditPrediction(version=version, document=document, gold=true, predicted=given, probabilities=p)
        for document, true, given, p in zip(documents, truth, answers, proba, strict=True)
    )
    return version


def text_of(document_id: int) -> str:
    return Document.objects.get(pk=document_id).text


def _ids(ids: dict[str, int], names: str) -> list[int]:
    return [ids[name] for name in names.split("+") if name]


def _proba(ids: list[int], said: list[int], sure: float) -> list[float]:
    return [round(sure if pk in said else (1 - sure) / max(1, len(ids) - len(said)), 5) for pk in ids]

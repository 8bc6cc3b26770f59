"""What the results page knows of a project, read in a fixed number of queries however many versions there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from labeller.annotation.audit_sample import AuditSample
from labeller.annotation.models import Annotation, Source
from labeller.corpus.models import Document
from labeller.learning.models import LoopState, ModelExport, ModelVersion
from labeller.learning.testscores import TestScore
from labeller.learning.triggers import ENOUGH_AUDIT
from labeller.projects.models import Label, Project

ENOUGH_SUPPORT = 5
"""Below this many audit texts of one label its precision and recall mean nothing."""


@dataclass(frozen=True)
class Estimate:
    """A share between 0 and 1 with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def read(cls, stored: Any) -> Estimate | None:
        """From ModelVersion.metrics; None for a version that was never scored, or for a figure that had no interval."""
        if not isinstance(stored, dict):
            return None
        return cls(float(stored["value"]), float(stored["low"]), float(stored["high"]))


@dataclass(frozen=True)
class VersionScore:
    """One model version: a row of the table, and a point of the curve when its audit set is large enough."""

    number: int
    kind: str
    n_labels: int
    n_audit: int
    accuracy: Estimate | None
    macro_f1: Estimate | None
    scored_how: str
    duration_s: float
    created_at: datetime
    promoted_at: datetime | None
    is_serving: bool
    export: ModelExport | None
    base: int | None = None  # number of the full version whose encoder it reads
    is_deleted: bool = False  # its files are gone, its figures stay
    micro_f1: Estimate | None = None  # also for a version from before it had an interval
    tightened: Estimate | None = None  # accuracy by prediction-powered inference, worked out when it was made
    tightened_f1: Estimate | None = None
    label_ids: frozenset[int] = frozenset()  # those it chose among, or was measured on: its task
    sample: AuditSample | None = None  # audit texts behind the tightened figures; None: all of them

    @property
    def is_full(self) -> bool:
        return self.kind == ModelVersion.Kind.FULL

    @property
    def kind_name(self) -> str:
        return str(ModelVersion.Kind(self.kind).label)

    @property
    def has_evidence(self) -> bool:
        return self.n_audit >= ENOUGH_AUDIT and self.accuracy is not None

    @property
    def leading_accuracy(self) -> Estimate | None:
        """What is told first: the tightened estimate where there is one. It holds the truth more often than the plain
        one, which is too low where texts were chosen away from the audit's (benchmarks/LOG.md)."""
        return self.tightened or self.accuracy

    @property
    def leading_f1(self) -> Estimate | None:
        return self.tightened_f1 or self.macro_f1

    @property
    def plain_accuracy(self) -> Estimate | None:
        """What stands beside the leading figure; None where it leads itself."""
        return None if self.leading_accuracy == self.accuracy else self.accuracy

    @property
    def plain_f1(self) -> Estimate | None:
        return None if self.leading_f1 == self.macro_f1 else self.macro_f1

    @property
    def was_used(self) -> bool:
        """A quick model is used from its birth; a full one only when it was promoted."""
        return not self.is_full or self.promoted_at is not None


@dataclass(frozen=True)
class LabelScore:
    """How one version did on one label. Shares are None where there is nothing to divide by."""

    label: Label
    labelled: int
    support: int
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None
    leans: bool = False  # on the pool: the audit texts alone would tell something else

    @property
    def has_evidence(self) -> bool:
        return self.support >= ENOUGH_SUPPORT


@dataclass(frozen=True)
class Standing:
    """Where the project stands: what the sentence at the top is made from."""

    is_multi: bool
    has_texts: bool
    labels: int  # labelled texts, whatever their source
    audit: int  # those of them that were drawn at random
    drawn: int  # texts drawn at random and read, whether labelled, skipped or left as unsure
    current: VersionScore | None  # newest version in use
    newest: int  # highest version number, 0 without one

    @property
    def missing(self) -> int:
        return max(0, ENOUGH_AUDIT - self.audit)

    @property
    def unanswered(self) -> int:
        """Texts drawn at random that people read and gave no label. They measure nothing, and are the hard ones."""
        return self.drawn - self.audit


_METRICS = (
    "metrics__accuracy",
    "metrics__macro_f1",
    "metrics__micro_f1",
    "reading__tightened",
    "reading__tightened_f1",
    "reading__audit_sample",
)
_PLAIN = ("number", "kind", "n_labels", "n_audit", "scored_how", "duration_s", "created_at", "promoted_at")


def versions(project: Project, *, with_zips: bool = False) -> list[VersionScore]:
    """Every version by number of labels, then age: the order of the curve. One query; two with the newest zip of
    each."""
    exports: dict[int, ModelExport] = {}
    if with_zips:
        for export in ModelExport.objects.filter(version__project=project).order_by("-id"):
            exports.setdefault(export.version_id, export)
    rows = (
        ModelVersion.objects.filter(project=project)
        .annotate(is_serving=Exists(LoopState.objects.filter(serving=OuterRef("pk"))))
        # Not the whole of metrics: with 77 labels and 200 versions their per-label part alone weighs megabytes.
        .values("pk", "is_serving", "base__number", "deleted_at", "label_ids", *_METRICS, *_PLAIN)
        .order_by("n_labels", "number")
    )
    return [
        VersionScore(
            **{name: row[name] for name in _PLAIN},
            accuracy=Estimate.read(row["metrics__accuracy"]),
            macro_f1=Estimate.read(row["metrics__macro_f1"]),
            micro_f1=Estimate.read(row["metrics__micro_f1"]),
            tightened=Estimate.read(row["reading__tightened"]),
            tightened_f1=Estimate.read(row["reading__tightened_f1"]),
            sample=AuditSample.read(row["reading__audit_sample"]),
            is_serving=row["is_serving"],
            export=exports.get(row["pk"]),
            base=row["base__number"],
            is_deleted=row["deleted_at"] is not None,
            label_ids=frozenset(row["label_ids"]),
        )
        for row in rows
    ]


def newest_number(project: Project) -> int:
    """Of the newest version; 0 without one. One query."""
    return ModelVersion.objects.filter(project=project).aggregate(newest=Max("number"))["newest"] or 0


def label_counts(project: Project) -> dict[str, int]:
    """Texts, not annotations: a text that three people answered is one label. One query."""
    labelled, drawn = Q(status=Annotation.Status.LABELLED), Q(source=Source.AUDIT)
    current = (
        Annotation.objects.filter(project=project, superseded_at__isnull=True).exclude(source=Source.GOLD).order_by()
    )
    decided = current.filter(source=Source.REVIEW).values("document")
    return current.aggregate(
        labels=Count("document", distinct=True, filter=labelled),
        audit=Count("document", distinct=True, filter=drawn & (labelled | Q(document__in=decided))),
        drawn=Count("document", distinct=True, filter=drawn),
    )


def standing(project: Project, scores: Iterable[VersionScore]) -> Standing:
    """Two queries."""
    counts = label_counts(project)
    by_age = sorted(scores, key=lambda score: score.number, reverse=True)
    return Standing(
        is_multi=project.is_multi,
        has_texts=Document.objects.filter(project=project).exists(),
        labels=counts["labels"],
        audit=counts["audit"],
        drawn=counts["drawn"],
        current=current_of(by_age),
        newest=by_age[0].number if by_age else 0,
    )


def current_of(scores: Iterable[VersionScore]) -> VersionScore | None:
    """The newest model in use. Once a full one reads the texts, it and the quick ones over it
    are; those over another one were, before the promotion or the way back."""
    by_age = sorted(scores, key=lambda score: score.number, reverse=True)
    serving = next((score for score in by_age if score.is_serving), None)
    if serving is None:
        return next((score for score in by_age if score.was_used), None)
    return next(score for score in by_age if score is serving or score.base == serving.number)


def label_scores(
    project: Project, number: int | None, *, scores: QuerySet[TestScore] | None = None
) -> list[LabelScore]:
    """Version `number` by label, in the project's order; labels it did not know have support 0. On the audit texts,
    where figures that lean on the pool lead, or by one of `scores`. Three queries."""
    labelled = dict(
        _current_labels(project)
        .filter(labels__isnull=False)
        .values_list(Coalesce("labels__read_as", "labels"))  # of merged labels, what they became
        .annotate(texts=Count("document", distinct=True))
    )
    stored: dict[int, dict[str, Any]] = {}
    rows: QuerySet[Any] = (
        ModelVersion.objects.filter(project=project, number=number or 0)
        if scores is None
        else scores.filter(version__number=number or 0)
    )
    leaning = ("reading__tightened_labels",) if scores is None else ()
    for label_ids, *figures in rows.values_list("label_ids", "metrics__per_label", *leaning):
        stored = {label_ids[score["label"]]: score for score in leading_labels(*figures)}  # by column of the head
    return [
        LabelScore(
            label=label,
            labelled=labelled.get(label.pk, 0),
            support=score.get("support", 0),
            precision=Estimate.read(score.get("precision")),
            recall=Estimate.read(score.get("recall")),
            f1=Estimate.read(score.get("f1")),
            leans="leans" in score,
        )
        for label in Label.objects.filter(project=project)
        for score in (stored.get(label.pk, {}),)
    ]


def leading_labels(
    per_label: list[dict[str, Any]] | None, tightened: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """A version's labels as they are stored, with precision, recall and F1 that lean on the pool where there are any:
    those hold the truth more often, as with all labels together."""
    if not tightened:
        return per_label or []
    return [score | tightened[score["label"]] | {"leans": True} for score in per_label or []]


def _current_labels(project: Project) -> Any:
    current = Annotation.objects.filter(project=project, superseded_at__isnull=True, status=Annotation.Status.LABELLED)
    return current.exclude(source=Source.GOLD).order_by()

"""What waits in the review, in which order, and all there is to know of one of its texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.utils.translation import gettext_noop

from labeller.annotation.differing import differing
from labeller.annotation.doubts import Dismissal, LabelDoubt, mark_of
from labeller.annotation.models import NO_READING, Annotation, Source
from labeller.annotation.selectors import LabelSet, label_sets
from labeller.annotation.told_aside import said_now, told_aside
from labeller.corpus.models import Document
from labeller.projects.models import Project
from labeller.projects.selectors import who_label

Status = Annotation.Status


def disagreements(project: Project) -> QuerySet[Any]:
    """Texts to which people gave different labels, the longest undecided first."""
    readings = _current(project).filter(status=Status.LABELLED).exclude(source__in=NO_READING)
    return _open(project, Document.objects.filter(pk__in=differing(readings))).order_by("newest", "pk")


def unsure(project: Project) -> QuerySet[Any]:
    """Texts that somebody was unsure of or wrote a comment on, or that nobody is left to answer because everybody has
    skipped them; the longest undecided first."""
    asks = Q(status=Status.UNSURE) | ~Q(comment="") | (Q(status=Status.SKIPPED) & _nobody_is_left(project))
    told = _current(project).filter(asks).exclude(source__in=[Source.REVIEW, Source.GOLD]).values("document")
    aside = Annotation.objects.filter(told_aside(), project=project).values("document")
    return _open(project, Document.objects.filter(pk__in=told.union(aside))).order_by("newest", "pk")


def _nobody_is_left(project: Project) -> Q:
    """Of the text of an answer: it has no label, and all who may give one have said something else."""
    said = Annotation.objects.filter(superseded_at=None)
    labelled = said.filter(document=OuterRef("document"), status=Status.LABELLED)
    theirs = said.filter(document=OuterRef(OuterRef("document")), annotator=OuterRef("user"))
    left = who_label(project).filter(~Exists(theirs))
    return Q(~Exists(labelled)) & Q(~Exists(left))


def doubts(project: Project) -> QuerySet[Any]:
    """Texts whose label a model doubts, the most doubtful first; not those answered again since it looked."""
    since = _answers_to(OuterRef("pk")).filter(superseded_at=None, pk__gt=OuterRef("doubt__answers_until"))
    found = Document.objects.filter(~Exists(since), doubt__project=project)
    return _open(project, found).order_by("-doubt__score", "pk")


@dataclass(frozen=True)
class Reason:
    """Why a text is in the review: one of its three queues. Its words are translated where they are shown."""

    name: str
    sentence: str  # kept with the decision, in English
    nothing: str  # what to say when the queue is empty
    texts: Callable[[Project], QuerySet[Any]]


QUEUES: dict[str, Reason] = {
    "disagreements": Reason(
        gettext_noop("Disagreements"),
        gettext_noop("People gave it different labels"),
        gettext_noop("No two people disagree on a text that is not decided yet."),
        disagreements,
    ),
    "unsure": Reason(
        gettext_noop("Unsure and commented"),
        gettext_noop("Somebody was unsure of it or wrote a comment, or all skipped it"),
        gettext_noop("No undecided text was left as unsure, commented on or skipped by all."),
        unsure,
    ),
    "doubts": Reason(
        gettext_noop("Suspected errors"),
        gettext_noop("A model that had not learnt its label doubts it"),
        gettext_noop("No label is suspected now."),
        doubts,
    ),
}


def counts(project: Project) -> dict[str, int]:
    """How many texts wait in each queue. Three queries."""
    return {key: queue.texts(project).count() for key, queue in QUEUES.items()}


@dataclass(frozen=True)
class Given:
    """One person's current answer, or what they told aside, as the review shows it."""

    id: int
    name: str
    status: str
    source: str
    label_ids: LabelSet
    comment: str
    created_at: datetime
    prediction: dict[str, float] | None

    @property
    def is_file(self) -> bool:
        return self.source == Source.IMPORT


@dataclass(frozen=True)
class Decision:
    key: str
    name: str
    label_ids: LabelSet
    comment: str
    created_at: datetime


@dataclass(frozen=True)
class View:
    """What a model says that had not learnt this text."""

    how: str  # translated where it is shown
    prediction: dict[str, float]


@dataclass(frozen=True)
class Case:
    """A text with all that was said of it."""

    document: Document
    given: list[Given]  # oldest first
    decision: Decision | None
    doubt: LabelDoubt | None
    dismissal: Dismissal | None

    @property
    def newest(self) -> int:
        """Id of the newest answer; 0 without one."""
        return max((given.id for given in self.given), default=0)

    @property
    def mark(self) -> str:
        return mark_of(self.decision and self.decision.key, self.dismissal)

    @property
    def view(self) -> View | None:
        if self.doubt is not None:
            return View(gettext_noop("The model, by heads that had not learnt its label"), self.doubt.prediction)
        told = next((one.prediction for one in reversed(self.given) if one.prediction), None)
        return View(gettext_noop("The model, before the last answer was given"), told) if told else None


def case_of(document: Document) -> Case:
    """Four queries."""
    rows = list(
        Annotation.objects.filter(said_now(), document=document)
        .order_by("pk")
        .values("pk", "key", "annotator__username", "status", "source", "comment", "created_at", "prediction")
    )
    labels = label_sets([row["pk"] for row in rows])
    said = [(row, labels.get(row["pk"], ())) for row in rows]
    return Case(
        document,
        [_given(row, label_ids) for row, label_ids in said if row["source"] != Source.REVIEW],
        next((_decision(row, label_ids) for row, label_ids in said if row["source"] == Source.REVIEW), None),
        LabelDoubt.objects.filter(document=document).first(),
        Dismissal.objects.filter(document=document).select_related("by").first(),
    )


@dataclass(frozen=True)
class Decided:
    """A row of the list of decisions."""

    document_id: int
    head: str
    decision: Decision


def decided(project: Project, *, start: int, count: int) -> list[Decided]:
    """The newest decisions that stand. Two queries."""
    rows = list(
        _current(project)
        .filter(source=Source.REVIEW)
        .order_by("-pk")
        .annotate(head=Left("document__text", 120))
        .values("pk", "key", "annotator__username", "comment", "created_at", "document_id", "head")[
            start : start + count
        ]
    )
    labels = label_sets([row["pk"] for row in rows])
    return [Decided(row["document_id"], row["head"], _decision(row, labels.get(row["pk"], ()))) for row in rows]


def decisions(project: Project) -> int:
    """How many texts are decided."""
    return _current(project).filter(source=Source.REVIEW).count()


def _current(project: Project) -> QuerySet[Annotation]:
    return Annotation.objects.filter(project=project, superseded_at=None).order_by()


def _open(project: Project, texts: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the texts that are neither decided nor left as they are; `newest` is the id of the last answer."""
    mine = _answers_to(OuterRef("pk"))
    newest = mine.filter(said_now()).order_by("-pk").values("pk")[:1]
    closed = Dismissal.objects.filter(document=OuterRef("pk"), answers_until__gte=OuterRef("newest"))
    waiting: QuerySet[Any] = (
        texts.filter(~Exists(mine.filter(superseded_at=None, source=Source.REVIEW)), project=project)
        .annotate(newest=Subquery(newest))
        .filter(~Exists(closed))
    )
    return waiting


def _answers_to(document: OuterRef) -> QuerySet[Annotation]:
    return Annotation.objects.filter(document=document).exclude(source=Source.GOLD)


def _given(row: Mapping[str, Any], label_ids: LabelSet) -> Given:
    return Given(
        row["pk"],
        row["annotator__username"],
        row["status"],
        row["source"],
        label_ids,
        row["comment"],
        row["created_at"],
        row["prediction"],
    )


def _decision(row: Mapping[str, Any], label_ids: LabelSet) -> Decision:
    return Decision(str(row["key"]), row["annotator__username"], label_ids, row["comment"], row["created_at"])

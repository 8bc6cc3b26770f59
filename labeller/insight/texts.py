"""Audit texts as pages show them: with their words, their labels' names, and what models said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from labeller.corpus.models import Document
from labeller.corpus.testset import TestText
from labeller.insight.answers import Answer
from labeller.learning.models import AuditPrediction, ModelVersion
from labeller.projects.models import Label

GONE = gettext_lazy("a label that was deleted")
NONE = gettext_lazy("none of the labels")


@dataclass(frozen=True)
class TextRow:
    """One answer with its text."""

    answer: Answer
    text: str
    gold: list[str]
    said: list[str]


@dataclass(frozen=True)
class Said:
    """What one version said of a text, and what people said of it then."""

    number: int
    kind: str
    sure: float
    is_right: bool
    gold: list[str]
    said: list[str]

    @property
    def kind_name(self) -> str:
        return str(ModelVersion.Kind(self.kind).label)


def read_texts(
    answers: Sequence[Answer], labels: Iterable[Label], source: type[Document | TestText] = Document
) -> list[TextRow]:
    """In the order of the answers, whose texts are rows of `source`. One query."""
    names = {label.pk: label.name for label in labels}
    rows = source._default_manager.filter(pk__in=[one.document_id for one in answers])
    texts = dict(rows.values_list("pk", "text"))
    return [
        TextRow(one, texts[one.document_id], _names(one.gold, names), _names(one.predicted, names))
        for one in answers
        if one.document_id in texts
    ]


def histories(document: Document, labels: Iterable[Label]) -> list[Said]:
    """Newest version first. Two queries."""
    names = {label.pk: label.name for label in labels}
    rows = AuditPrediction.objects.filter(document=document, version__project=document.project_id)
    found = []
    for number, kind, ids, gold, predicted, proba in rows.order_by("-version__number").values_list(
        "version__number", "version__kind", "version__label_ids", "gold", "predicted", "probabilities"
    ):
        one = Answer(document.pk, frozenset(gold), frozenset(predicted), dict(zip(ids, proba, strict=True)), 0, {})
        found.append(said_of(one, number, kind, names))
    return found


def said_of(one: Answer, number: int, kind: str, names: dict[int, str]) -> Said:
    """What the version of this number and kind said."""
    gold, said = (_names(ids, names) for ids in (one.gold, one.predicted))
    return Said(number, kind, one.sure, one.is_right, gold, said)


def _names(ids: Iterable[int], names: dict[int, str]) -> list[str]:
    return [names.get(pk, str(GONE)) for pk in sorted(ids)] or [str(NONE)]

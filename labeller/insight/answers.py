"""What one version said of the audit texts or of the test file, frozen when it was scored, as rows that pages count and
list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.db.models.functions import Length
from django.utils.translation import pgettext_lazy

from labeller.corpus.models import Document
from labeller.corpus.testset import TestSet, TestText
from labeller.insight.measured_on import Ground
from labeller.learning.models import AuditPrediction, ModelVersion
from labeller.learning.testscores import TestAnswers
from labeller.projects.models import Label, Project

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LabelIds = frozenset[int]
Outcome = Literal["found", "missed", "wrong"]  # of one label: given rightly, not given, given wrongly
OUTCOMES: dict[Outcome, StrOrPromise] = {
    "found": pgettext_lazy("a label", "found"),
    "missed": pgettext_lazy("a label", "missed"),
    "wrong": pgettext_lazy("a label", "given wrongly"),
}


@dataclass(frozen=True)
class Answer:
    """One text: what people say, what the version said, and how sure it was."""

    document_id: int  # or the test text's
    gold: LabelIds
    predicted: LabelIds
    proba: dict[int, float]  # of each label the version knew
    length: int  # characters
    metadata: dict[str, Any]

    @property
    def is_right(self) -> bool:
        return self.gold == self.predicted

    @property
    def wrong_labels(self) -> LabelIds:
        """Given without being true, or true without being given."""
        return self.gold ^ self.predicted

    @property
    def sure(self) -> float:
        """0..1. Of a wrong answer the surest of its mistakes, of a right one the surest of what it says."""
        about = self.wrong_labels & self.proba.keys() if not self.is_right else self.predicted
        if len(self.gold) == len(self.predicted) == 1:
            about = self.predicted  # one label a text: not giving the other one says nothing more
        sure = [self.proba.get(label, 0.0) if label in self.predicted else 1 - self.proba[label] for label in about]
        return max(sure, default=1 - max(self.proba.values(), default=0.0))

    def outcome(self, label: int) -> Outcome | None:
        """None where the label is neither true nor given."""
        if label in self.gold:
            return "found" if label in self.predicted else "missed"
        return "wrong" if label in self.predicted else None


def answers_on(version: ModelVersion, ground: Ground) -> list[Answer]:
    """All texts of this ground that the version was measured on, in the order of their import. One query, on a test
    file two."""
    return answers_of(version) if ground.test_set is None else _of_test_file(version, ground.test_set)


def sets_on(
    test_set: TestSet, numbers: Iterable[int], read_as: Mapping[int, int]
) -> dict[int, list[tuple[LabelIds, LabelIds]]]:
    """By number of the version what people say of each text of the file and what the version said, in the order of the
    file. Labels that were merged since are the same (`read_as`, from the one to the other): else a merge alone would
    part a model from before it from one after it. One query."""
    rows = TestAnswers.objects.filter(score__test_set=test_set, score__version__number__in=numbers)
    told = rows.values_list("score__version__number", "score__label_ids", "gold", "said")
    return {
        number: list(zip(*(_sets(ids, columns, read_as) for columns in (gold, said)), strict=True))
        for number, ids, gold, said in told
    }


def _sets(ids: list[int], columns: list[list[int]], read_as: Mapping[int, int]) -> list[LabelIds]:
    names = [read_as.get(pk, pk) for pk in ids]
    return [frozenset(names[column] for column in those) for those in columns]


def source_of(ground: Ground) -> type[Document | TestText]:
    """Whose rows the answers' texts are."""
    return Document if ground.test_set is None else TestText


def _of_test_file(version: ModelVersion, test_set: TestSet) -> list[Answer]:
    kept = TestAnswers.objects.select_related("score").filter(score__version=version, score__test_set=test_set).first()
    if kept is None:
        return []
    texts = TestText.objects.filter(test_set=test_set).annotate(length=Length("text"))
    known = {pk: (length, metadata) for pk, length, metadata in texts.values_list("id", "length", "metadata")}
    ids = kept.score.label_ids
    return [
        Answer(
            pk,
            frozenset(ids[column] for column in gold),
            frozenset(ids[column] for column in said),
            dict(zip(ids, proba, strict=False)),  # the labels it knew come first
            *known[pk],
        )
        for pk, gold, said, proba in zip(kept.text_ids, kept.gold, kept.said, kept.probabilities, strict=True)
    ]


def answers_of(version: ModelVersion) -> list[Answer]:
    """All audit texts of this version, in the order of their import. One query."""
    rows = (
        AuditPrediction.objects.filter(version=version)
        .annotate(length=Length("document__text"))
        .values_list("document_id", "gold", "predicted", "probabilities", "length", "document__metadata")
        .order_by("document_id")
    )
    ids = version.label_ids
    return [
        Answer(document_id, frozenset(gold), frozenset(predicted), dict(zip(ids, proba, strict=True)), length, metadata)
        for document_id, gold, predicted, proba, length, metadata in rows
    ]


def version_of(project: Project, number: int | None) -> ModelVersion | None:
    """The version of this number. One query."""
    return ModelVersion.objects.filter(project=project, number=number or 0).first()


def labels_for(version: ModelVersion) -> list[Label]:
    """The project's labels, and those merged or split since that this version knew; in the project's order. One
    query."""
    labels = Label.everything.filter(project=version.project_id)
    return [label for label in labels if label.retired_at is None or label.pk in version.label_ids]


def surest_mistakes(answers: list[Answer]) -> list[Answer]:
    """Wrong answers, the surest first."""
    return sorted((one for one in answers if not one.is_right), key=lambda one: (-one.sure, one.document_id))

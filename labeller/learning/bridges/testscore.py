"""What a model says of the test file, and the figures that follow. No torch: a quick refit scores its own model where
its encoder has read the file before; the run that reads it is in testset.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeller.corpus.testset import TestSet, TestText, set_in_force
from labeller.learning import artifacts, services
from labeller.learning.bridges.pool import Ids, Reader
from labeller.learning.bridges.running import columns_of, hot
from labeller.learning.bridges.versions import as_frozen, reliability_of
from labeller.learning.bridges.words import views_for
from labeller.learning.models import ModelVersion
from labeller.learning.testscores import TestAnswers, TestScore
from labeller.projects.models import Project
from labeller.projects.selectors import merged_labels
from modelsvc.evaluation.evaluate import audit_report
from modelsvc.heads.quick import decide, predict_proba
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Embeddings, Head

AT_ONCE = 2_000  # texts that a quick refit scores itself, a second's work; a longer file waits for the run

Columns = list[list[int]]  # of each text the columns that are 1


@dataclass(frozen=True)
class TestTexts:
    """The m texts of a test set, in the order of the file."""

    test_set: TestSet
    ids: Ids  # (m,), ascending
    texts: list[str]
    gold: list[list[int]]  # label ids of each, ascending; merged labels as what they became
    read_as: dict[int, int]  # each merged label's id -> what it became, as `gold` has it

    @classmethod
    def of(cls, test_set: TestSet) -> TestTexts:
        """Three queries."""
        rows = list(TestText.objects.filter(test_set=test_set).order_by("id").values_list("id", "text"))
        gold: dict[int, set[int]] = {pk: set() for pk, _ in rows}
        read_as = merged_labels(test_set.project_id)
        given = TestText.labels.through._default_manager.filter(testtext__test_set=test_set)
        for pk, label in given.order_by("label_id").values_list("testtext_id", "label_id"):
            gold[pk].add(read_as.get(label, label))
        ids = np.array([pk for pk, _ in rows], np.int64)
        return cls(test_set, ids, [text for _, text in rows], [sorted(labels) for labels in gold.values()], read_as)


@dataclass(frozen=True)
class Answered:
    """What a model said of m texts, frozen, with its figures."""

    texts: TestTexts
    label_ids: list[int]  # columns: those the model knew, merged ones as what they became, then those it did not
    gold: Columns
    said: Columns
    probabilities: list[list[float]]  # (m, C) of the C labels it knew
    metrics: dict[str, Any]


def answer(head: Head, label_ids: list[int], texts: TestTexts, X: Embeddings, *, seed: int) -> Answered:
    """`label_ids`: columns of the head. X (m, D) by its encoder. A label it did not know is one it never finds: texts
    that carry it count, for they will be met. Of labels merged since it was made its answers are read as the file's
    are: else what it says by the old name would be wrong whatever it says."""
    proba = predict_proba(head, views_for(head, X, texts.texts))
    became = [texts.read_as.get(label, label) for label in label_ids]
    known = list(dict.fromkeys(became))
    unknown = {label for labels in texts.gold for label in labels} - set(known)
    columns = [*known, *sorted(unknown)]
    at = {label: column for column, label in enumerate(columns)}
    gold = [sorted(at[label] for label in labels) for labels in texts.gold]
    into = [at[label] for label in became]
    said = columns_of(folded(decide(head, proba), into, together=np.maximum))
    # One label a text: it is this one or that. Several: as likely as the likelier, at least.
    frozen = as_frozen(folded(proba, into, together=np.maximum if head.multi_label else np.add))
    metrics = test_figures(len(columns), gold, said, frozen, multi_label=head.multi_label, seed=seed)
    return Answered(texts, columns, gold, said, frozen, metrics)


def folded(rows: NDArray[Any], into: list[int], *, together: np.ufunc) -> NDArray[Any]:
    """Columns that became one, put together by this function of two. `into`: of each column the one it became, 0..K-1.
    (m, C) -> (m, K)"""
    found = np.zeros((len(rows), max(into) + 1), rows.dtype)
    for column, target in enumerate(into):
        found[:, target] = together(found[:, target], rows[:, column])
    return found


def test_figures(
    C: int, gold: Columns, said: Columns, probabilities: list[list[float]], *, multi_label: bool, seed: int
) -> dict[str, Any]:
    """As the audit's are made, from what is kept alone. A label the model did not know had no chance: 0."""
    padded = [[*row, *([0.0] * (C - len(row)))] for row in probabilities]
    known = len(probabilities[0])
    figures = audit_report(hot(gold, C), hot(said, C), multi_label=multi_label, seed=seed, known=known).to_dict()
    return figures | {"reliability": reliability_of(padded, hot(said, C), hot(gold, C), multi_label, seed)}


def read_before(texts: TestTexts, project_id: int, reader: str) -> Embeddings | None:
    """(m, D) where this encoder has read every text before; else None."""
    folder = artifacts.test_embeddings_folder(project_id, texts.test_set.pk, reader)
    if not folder.is_dir():
        return None
    try:
        ids, X = EmbeddingStore(folder).load()
    except OSError:  # tidied away at this moment
        return None
    order = np.argsort(ids)
    return X[order] if np.array_equal(ids[order], texts.ids) else None


def answered_at_once(project: Project, reader: Reader, head: Head, label_ids: list[int]) -> Answered | None:
    """The score of a head that is about to be stored; None without a test set, or where the run has to read first."""
    test_set = set_in_force(project)
    if test_set is None or test_set.n_texts > AT_ONCE:
        return None
    texts = TestTexts.of(test_set)
    X = read_before(texts, project.pk, reader.key)
    return answer(head, label_ids, texts, X, seed=project.seed) if X is not None else None


def note_test(version: ModelVersion, answered: Answered | None) -> None:
    """Keep the score of a version that has just been stored, in its transaction; or ask the run for it."""
    if answered is None or keep(version, answered) is None:
        services.start_test(project=version.project)


def keep(version: ModelVersion, answered: Answered) -> TestScore | None:
    """Store it, within a transaction. None, and nothing written, when the set has been replaced meanwhile."""
    there = TestSet.objects.select_for_update().filter(pk=answered.texts.test_set.pk)
    if not list(there.values_list("pk")):
        return None
    score = TestScore.objects.create(
        version=version,
        test_set=answered.texts.test_set,
        n_texts=len(answered.gold),
        label_ids=answered.label_ids,
        metrics=answered.metrics,
    )
    TestAnswers.objects.create(
        score=score,
        text_ids=answered.texts.ids.tolist(),
        gold=answered.gold,
        said=answered.said,
        probabilities=answered.probabilities,
    )
    return score

"""Rivals d and e: the field's own libraries with the same encoder, under an interpreter of their own.

Both tune SetFit-style (Tunstall et al. 2022, arXiv 2209.11055) at the library's defaults: pairs of labelled texts, then
a logistic regression. All pairs grow with the square of the labels, so one training takes MOST_STEPS batches at most.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals import Answers, Point, Rows, Task
from modelsvc.heads.links import one_hot

BATCH = 16
MOST_STEPS = 1000
FIRST, STEP = 32, 32  # random labels at the start; then half as many again as there are, at least STEP, in one query


def setfit(task: Task) -> Iterator[Point]:
    """Random order; a fresh model at each count."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    for count in task.left:
        started = time.perf_counter()
        rows = task.random_rows(count)
        strategy = {"multi_target_strategy": "one-vs-rest"} if task.multi_label else {}
        model = SetFitModel.from_pretrained(str(task.encoder_folder), local_files_only=True, **strategy)
        data = Dataset.from_dict({"text": [task.train_texts[row] for row in rows], "label": _labels(task, rows)})
        with tempfile.TemporaryDirectory() as folder:
            settings = TrainingArguments(
                output_dir=folder,
                batch_size=BATCH,
                max_steps=most_steps(len(rows)),
                seed=task.seed,
                report_to="none",
                save_strategy="no",
                show_progress_bar=False,
            )
            Trainer(model=model, args=settings, train_dataset=data).train()
        proba = np.asarray(model.predict_proba(task.test_texts, as_numpy=True, show_progress_bar=False))
        yield Point(rows.tolist(), _answers(task, model, proba), time.perf_counter() - started)


def small_text(task: Task) -> Iterator[Point]:
    """Its own pool-based learner, asking by breaking ties; with several labels a text by CVIRS, its way for those."""
    from small_text import BreakingTies, CategoryVectorInconsistencyAndRanking, PoolBasedActiveLearner

    np.random.seed(task.seed)  # the library draws from the global generator
    pool = _dataset(task, task.train_texts, task.Y)
    test = _dataset(task, task.test_texts, task.test_Y)
    with tempfile.TemporaryDirectory() as folder:
        asks = CategoryVectorInconsistencyAndRanking() if task.multi_label else BreakingTies()
        learner = PoolBasedActiveLearner(_Factory(task, folder), asks, pool)
        started = time.perf_counter()
        learner.initialize(np.array(task.chosen or task.random_rows(min(FIRST, task.labels[0]))))
        for count in task.left:
            while (have := len(learner.indices_labeled)) < count:
                rows = learner.query(num_samples=min(count - have, max(STEP, have // 2)))
                learner.update(pool.y[rows])
            said = learner.classifier.predict(test)
            answers = np.asarray(said.todense(), np.uint8) if task.multi_label else one_hot(said, task.Y.shape[1])
            yield Point(learner.indices_labeled.tolist(), answers, time.perf_counter() - started)
            started = time.perf_counter()


def most_steps(labels: int) -> int:
    """Batches of one training: -1, all pairs (about the square of the labels), while they are no more than MOST_STEPS.

    most_steps(64) = -1, most_steps(256) = 1000
    """
    return -1 if labels * labels <= MOST_STEPS * BATCH else MOST_STEPS


class _Factory:
    """Makes small-text's classifier for each round."""

    def __init__(self, task: Task, folder: str) -> None:
        self.task, self.folder = task, folder

    def new(self) -> Any:
        from small_text.integrations.transformers.classifiers.setfit import SetFitClassification, SetFitModelArguments

        class KnowsAbsentKinds(SetFitClassification):  # type: ignore[misc]
            """As it comes it stops where the labels so far lack a kind: its head then has fewer columns."""

            def fit(self, train_set: Any, validation_set: Any = None) -> Any:
                self.setfit_model_args.max_steps = most_steps(len(train_set))
                return super().fit(train_set, validation_set)

            def _predict_proba(self, dataset: Any, multi_label_threshold: float = 0.5) -> Any:
                if self.multi_label:
                    return super()._predict_proba(dataset, multi_label_threshold)
                some = np.asarray(self.model.predict_proba(list(dataset.x), as_numpy=True, show_progress_bar=False))
                proba = np.zeros((len(some), self.num_classes))
                proba[:, self.model.model_head.classes_] = some
                return proba

        arguments = SetFitModelArguments(
            str(self.task.encoder_folder),
            train_batch_size=BATCH,
            show_progress_bar=False,
            seed=self.task.seed,
            output_dir=self.folder,
            trainer_kwargs={"report_to": "none"},
        )
        return KnowsAbsentKinds(arguments, self.task.Y.shape[1], multi_label=self.task.multi_label, device="cpu")


def _dataset(task: Task, texts: list[str], Y: Answers) -> Any:
    from small_text import TextDataset, list_to_csr

    kinds = np.arange(Y.shape[1])
    if not task.multi_label:
        return TextDataset.from_arrays(texts, Y.argmax(axis=1), target_labels=kinds)
    several = list_to_csr([np.flatnonzero(row).tolist() for row in Y], shape=Y.shape)
    return TextDataset.from_arrays(texts, several, target_labels=kinds)


def _labels(task: Task, rows: Rows) -> list[Any]:
    chosen = task.Y[rows]
    return list(chosen.tolist() if task.multi_label else chosen.argmax(axis=1).tolist())


def _answers(task: Task, model: Any, proba: NDArray[Any]) -> Answers:
    if task.multi_label:
        return (proba > 0.5).astype(np.uint8)
    return one_hot(model.model_head.classes_[proba.argmax(axis=1)], task.Y.shape[1])

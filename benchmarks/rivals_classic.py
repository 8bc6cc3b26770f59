"""Rivals of scikit-learn's kind: TF-IDF or frozen sentence embeddings under a linear model, choosing by the margin."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from benchmarks.rivals import FIRST, Answers, Point, Task
from modelsvc.heads.links import one_hot

STEP = 8  # labels between two fits


def tfidf(task: Task) -> Iterator[Point]:
    train, test = _tfidf(task)
    return _by_margin(task, train, test, C=10.0)


def frozen(task: Task) -> Iterator[Point]:
    train, test = _embeddings(task)
    return _by_margin(task, train, test, C=10.0)


def svm(task: Task) -> Iterator[Point]:
    """Not a way to choose: the anchor of random labels by the thousand."""
    train, test = _tfidf(task)
    for count in task.left:
        started = time.perf_counter()
        rows = task.random_rows(min(count, len(task.train_texts)))
        answers = _fit(LinearSVC(), task, train[rows], task.Y[rows]).predict(test)
        yield Point(rows.tolist(), _as_answers(answers, task), time.perf_counter() - started)


def _embeddings(task: Task) -> tuple[Any, Any]:
    """Of train and test, by sentence-transformers as it comes; kept as files where the task names them."""
    kept = task.embeddings
    if kept is not None and all(path.exists() for path in kept):
        return np.load(kept[0]), np.load(kept[1])
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(task.encoder_folder), device="cpu")
    train, test = (
        encoder.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        for texts in (task.train_texts, task.test_texts)
    )
    if kept is not None:
        np.save(kept[0], train)
        np.save(kept[1], test)
    return train, test


def _tfidf(task: Task) -> tuple[Any, Any]:
    """Words and pairs of words, weighed over the whole pool: its texts are known without a label."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, lowercase=True)
    return vectorizer.fit_transform(task.train_texts), vectorizer.transform(task.test_texts)


def _by_margin(task: Task, train: Any, test: Any, *, C: float) -> Iterator[Point]:
    """Random first labels, then the texts with the least margin, a few at a time."""
    chosen = list(task.chosen) or task.random_rows(min(FIRST, task.labels[0])).tolist()
    started = time.perf_counter()
    for count in task.left:
        while True:
            rows = np.array(chosen)
            model = _fit(LogisticRegression(C=C, max_iter=1000), task, train[rows], task.Y[rows])
            if len(chosen) >= count:
                break
            free = np.setdiff1d(np.arange(len(task.train_texts)), rows)
            margins = _margins(model, train[free], task)
            order = np.lexsort((task.rng.random(len(free)), margins))
            chosen += free[order[: min(STEP, count - len(chosen))]].tolist()
        yield Point(list(chosen), _as_answers(model.predict(test), task), time.perf_counter() - started)
        started = time.perf_counter()


def _fit(model: Any, task: Task, X: Any, Y: Answers) -> Any:
    if task.multi_label:
        return OneVsRestClassifier(model).fit(X, Y)
    y = Y.argmax(axis=1)
    return model.fit(X, y) if len(np.unique(y)) > 1 else _Only(int(y[0]))


class _Only:
    """What sklearn refuses to fit: labels of one kind."""

    def __init__(self, label: int) -> None:
        self.label = label

    def predict(self, X: Any) -> NDArray[np.int64]:
        return np.full(X.shape[0], self.label)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        return np.ones((X.shape[0], 1))


def _margins(model: Any, X: Any, task: Task) -> NDArray[np.float64]:
    """(n,) small = in doubt: the lead of the first label over the second; of several labels, the label nearest .5."""
    proba = model.predict_proba(X)
    if task.multi_label:
        return np.abs(proba - 0.5).min(axis=1)
    if proba.shape[1] == 1:
        return np.zeros(X.shape[0])
    top = np.sort(proba, axis=1)
    return top[:, -1] - top[:, -2]


def _as_answers(said: NDArray[Any], task: Task) -> Answers:
    if task.multi_label:
        return said.astype(np.uint8)
    return one_hot(said.astype(np.int64), task.Y.shape[1])

"""What benchmarks.rare_labels compares: ways to choose texts and to learn from them, each a function of one corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from benchmarks.labelled_lines import known_texts
from benchmarks.strategies import held_third
from labeller.learning.replay.lines import Known
from modelsvc.encoding.encoder import Encoder, resolve
from modelsvc.heads.either import fit
from modelsvc.heads.per_label import rate_matched_thresholds
from modelsvc.heads.quick import decide, predict_proba
from modelsvc.querying.rare import rarest_first
from modelsvc.querying.strategies import Pool
from modelsvc.stores.words import Vocabulary, Words, learn_vocabulary
from modelsvc.tuning.finetune import FineTuneConfig, fine_tune
from modelsvc.types import Head, Rows, Targets, Views

REFIT_EVERY = 16  # labels
SAMPLED = 4_000  # texts of the pool that a tuned encoder reads to set its thresholds

Points = dict[int, tuple[Rows, Targets]]  # labelled texts -> which, and the answers on the test file


@dataclass(frozen=True)
class Corpus:
    names: list[str]
    texts: list[str]
    Y: Targets
    train: Views
    test_texts: list[str]
    test_Y: Targets
    test: Views
    vocabulary: Vocabulary
    name_views: Views  # the labels' names as texts

    @cached_property
    def searched(self) -> list[Rows]:
        """For each label all training texts in the order in which a search for its name shows them."""
        train, named = self.train.words, self.name_views.words
        assert train and named
        likeness = self.train.X @ self.name_views.X.T + (train.T @ named.T.T).toarray()
        return [np.argsort(-likeness[:, c], kind="stable") for c in range(len(self.names))]

    def search_depths(self) -> dict[str, int]:
        """How far down the first text is that carries the label; 1 is the top."""
        return {name: int(self.Y[self.searched[c], c].argmax()) + 1 for c, name in enumerate(self.names)}


@dataclass(frozen=True)
class Tuned:
    answers: Targets
    seconds: float


def read_corpus(train: Path, test: Path, folder: Path | None) -> Corpus:
    """Both files with their embeddings, read from the folder where they are there, else made."""
    (rows, _), (test_rows, _) = known_texts(train), known_texts(test)
    names = sorted({label for row in rows for label in row.labels})
    texts, test_texts = [row.text for row in rows], [row.text for row in test_rows]
    vocabulary = learn_vocabulary(texts)
    encoder = Encoder.load(resolve("bundled"), threads=1)

    def views(of: Sequence[str], path: Path | None) -> Views:
        if path is not None and path.exists():
            X = np.load(path)
        else:
            X = encoder.encode(of)
            if path is not None:
                np.save(path, X)
        return Views(X.astype(np.float32), Words.of(vocabulary, of))

    kept = [folder / f"{path.stem}.npy" if folder else None for path in (train, test)]
    return Corpus(
        names,
        texts,
        multi_hot(rows, names),
        views(texts, kept[0]),
        test_texts,
        multi_hot(test_rows, names),
        views(test_texts, kept[1]),
        vocabulary,
        views(names, None),
    )


def held_back(train: Path, folder: Path | None, *, judged: int = 1_000) -> Corpus:
    """TRAIN alone: two thirds to label, and at most so many texts of the other third to judge by."""
    whole = read_corpus(train, train, folder)
    held = held_third(len(whole.texts))
    rows, tests = np.flatnonzero(~held), np.flatnonzero(held)[:judged]
    return replace(
        whole,
        texts=[whole.texts[row] for row in rows],
        Y=whole.Y[rows],
        train=whole.train[rows],
        test_texts=[whole.texts[row] for row in tests],
        test_Y=whole.Y[tests],
        test=whole.train[tests],
    )


def multi_hot(rows: list[Known], names: list[str]) -> Targets:
    return np.array([[name in row.labels for name in names] for row in rows], np.uint8)


def start_texts(corpus: Corpus, first: str, seed: int) -> list[int]:
    """One text of each label."""
    rng = np.random.default_rng(seed)
    if first == "search":
        found = [int(order[corpus.Y[order, c].argmax()]) for c, order in enumerate(corpus.searched)]
    else:
        found = [int(rng.choice(np.flatnonzero(corpus.Y[:, c]))) for c in range(len(corpus.names))]
    return list(dict.fromkeys(found))


def ours(corpus: Corpus, first: list[int], points: list[int], seed: int) -> Points:
    rng, chosen, answered = np.random.default_rng(seed), list(first), {}
    for n in points:
        while len(chosen) < n:
            head, free = _two_views(corpus, chosen, seed)
            pool = Pool(
                corpus.train.X[free],
                predict_proba(head, corpus.train[free]),
                corpus.train.X[chosen],
                corpus.Y[chosen],
                True,
                corpus.names,
                thresholds=head.thresholds,
            )
            chosen += free[rarest_first(pool, min(REFIT_EVERY, n - len(chosen)), rng).rows].tolist()
        head, _ = _two_views(corpus, chosen, seed)
        answered[n] = (np.array(chosen), decide(head, predict_proba(head, corpus.test)))
    return answered


def random_order(corpus: Corpus, first: list[int], points: list[int], seed: int) -> Points:
    """The head of ours on texts drawn at random."""
    order = np.random.default_rng(seed).permutation(len(corpus.Y))
    answered = {}
    for n in points:
        head, _ = _two_views(corpus, order[:n].tolist(), seed)
        answered[n] = (order[:n], decide(head, predict_proba(head, corpus.test)))
    return answered


def random_frozen(corpus: Corpus, first: list[int], points: list[int], seed: int) -> Points:
    """Frozen embeddings, logistic regression, texts drawn at random."""
    order = np.random.default_rng(seed).permutation(len(corpus.Y))
    return {n: (order[:n], _logistic(corpus.train.X, corpus.Y, order[:n])(corpus.test.X) >= 0) for n in points}


def tfidf_margin(corpus: Corpus, first: list[int], points: list[int], seed: int) -> Points:
    """Words and pairs of words, logistic regression, the text with the least margin of any label."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    train, test = vectorizer.fit_transform(corpus.texts), vectorizer.transform(corpus.test_texts)
    return _by_logits(corpus, train, test, first, points, lambda logits, _: -np.abs(logits).min(axis=1))


def frozen_rarest(corpus: Corpus, first: list[int], points: list[int], seed: int) -> Points:
    """Frozen embeddings, logistic regression, the likeliest texts of the label with fewest examples."""

    def score(logits: NDArray[Any], counts: NDArray[Any]) -> NDArray[Any]:
        return logits[:, int(counts.argmin())]

    return _by_logits(corpus, corpus.train.X, corpus.test.X, first, points, score)


def answers_of_svm(corpus: Corpus) -> Targets:
    """TF-IDF and a balanced linear SVM a label, taught with every training text."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    train, test = vectorizer.fit_transform(corpus.texts), vectorizer.transform(corpus.test_texts)
    each = [
        LinearSVC(class_weight="balanced").fit(train, corpus.Y[:, c]).predict(test) for c in range(len(corpus.names))
    ]
    return np.column_stack(each).astype(np.uint8)


def tuned_answers(corpus: Corpus, rows: Rows, seed: int) -> Tuned:
    """The encoder fine-tuned on these rows, as the product does it, then both views again. Here no audit says how sure
    its head may be: each label is given as often as the frozen encoder's head gives it."""
    rng = np.random.default_rng(seed)
    head, free = _two_views(corpus, rows.tolist(), seed)
    texts, config = [corpus.texts[row] for row in rows], FineTuneConfig(seed=seed)
    tuned = fine_tune(resolve("bundled"), texts, corpus.Y[rows], multi_label=True, threads=1, config=config)
    sample = rng.choice(free, min(len(free), SAMPLED), replace=False)

    def seen(at: NDArray[np.int64]) -> Views:
        X, words = tuned.encoder.encode([corpus.texts[row] for row in at]), corpus.train.words
        return Views(X, words[at] if words else None)

    # It is too sure of every text it was tuned on: none says how sure the head may be.
    none = np.zeros(len(rows), np.bool_)
    pool = seen(sample)
    second = fit(seen(rows), corpus.Y[rows], multi_label=True, pool=pool, seed=seed, calibrate_on=none)
    rates = decide(head, predict_proba(head, corpus.train[sample])).mean(axis=0)
    thresholds = rate_matched_thresholds(predict_proba(second, pool), rates)
    test = Views(tuned.encoder.encode(corpus.test_texts), corpus.test.words)
    return Tuned((predict_proba(second, test) >= thresholds).astype(np.uint8), tuned.seconds)


def _two_views(corpus: Corpus, chosen: list[int], seed: int) -> tuple[Head, Rows]:
    """The head on these texts, and the rows that are left."""
    free = np.setdiff1d(np.arange(len(corpus.Y)), chosen)
    rows = np.array(chosen, np.int64)
    return fit(corpus.train[rows], corpus.Y[rows], multi_label=True, pool=corpus.train[free], seed=seed), free


def _logistic(train: Any, Y: Targets, rows: Rows) -> Callable[[Any], NDArray[Any]]:
    """One balanced logistic regression a label; a label seen only one way is never given."""

    def logits(new: Any) -> NDArray[Any]:
        columns = []
        for c in range(Y.shape[1]):
            if 0 < Y[rows, c].sum() < len(rows):
                model = LogisticRegression(C=10, class_weight="balanced", solver="liblinear")
                columns.append(model.fit(train[rows], Y[rows, c]).decision_function(new))
            else:
                columns.append(np.full(new.shape[0], -10.0))
        return np.column_stack(columns)

    return logits


def _by_logits(
    corpus: Corpus,
    train: Any,
    test: Any,
    first: list[int],
    points: list[int],
    score: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]],
) -> Points:
    chosen, answered = list(first), {}
    for n in points:
        while len(chosen) < n:
            logits = _logistic(train, corpus.Y, np.array(chosen))(train)
            wanted = score(logits, corpus.Y[chosen].sum(axis=0))
            wanted[chosen] = -np.inf
            chosen += np.argsort(-wanted, kind="stable")[: min(REFIT_EVERY // 2, n - len(chosen))].tolist()
        answers = _logistic(train, corpus.Y, np.array(chosen))(test) >= 0
        answered[n] = (np.array(chosen), answers.astype(np.uint8))
    return answered


ARMS: dict[str, Callable[[Corpus, list[int], list[int], int], Points]] = {
    "ours": ours,
    "frozen_rarest_first": frozen_rarest,
    "tfidf_margin": tfidf_margin,
    "random_two_views": random_order,
    "random_frozen": random_frozen,
}

"""Simulated projects on texts whose labels are known: the audit's draws, the default policy, the product's quick heads
on the frozen encoder. Nobody labels, so a project of 300 labels takes seconds, and what its models are worth is known.

All texts of a file pair are shuffled and parted anew for each project: a pool, and the rest, which stands for all texts
of the pool's kind. The pair's own split would not do: TREC-6's test file has other label shares than its train file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled_lines import known_texts
from benchmarks.named import of_rows
from benchmarks.strategies import embeddings, label_embeddings
from labeller.annotation.audit import audit_is_due, audit_threshold
from modelsvc.heads.either import cross_fit, fit
from modelsvc.heads.pool_graph import sampled
from modelsvc.heads.quick import decide, predict_proba
from modelsvc.querying.strategies import ASK_NO_MODEL, Pool, rank
from modelsvc.stores.words import Words, learn_vocabulary
from modelsvc.types import Embeddings, Head, Proba, Rows, Targets, Views

NAMED = " with names"  # behind the name of a corpus whose labels' names teach
REFIT_EVERY, GROWTH = 10, 0.1  # labels; in the product 5 and a twentieth


@dataclass(frozen=True)
class Corpus:
    name: str
    X: Embeddings  # (M, D) of both files
    Y: Targets  # (M, C)
    multi_label: bool
    label_names: list[str]
    words: Words | None = None  # M rows; as in the product only where a text may have several labels
    label_X: Embeddings | None = None  # (C, D) what the labels are called, where it teaches

    @property
    def texts(self) -> Views:
        return Views(self.X, self.words)


@dataclass(frozen=True)
class Project:
    """A corpus parted into pool and rest."""

    corpus: Corpus
    pool: Rows
    rest: Rows
    reserve: Rows  # of the pool's rows, in the order of their draws

    @property
    def texts(self) -> Views:
        return self.corpus.texts[self.pool]

    @property
    def Y(self) -> Targets:
        return self.corpus.Y[self.pool]


@dataclass(frozen=True)
class Moment:
    """A quick model of a project: what it says of the pool, and how it does where nobody would know."""

    labelled: Rows  # (n,) of the pool's rows
    is_audit: NDArray[np.bool_]  # (n,)
    unseen: Proba  # (n, C) of heads that have not seen the text
    answers: Targets  # (n, C) of the same
    pool_proba: Proba  # (N, C), with `unseen` at the labelled texts
    pool_answers: Targets
    rest_answers: Targets

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **asdict(self))

    @classmethod
    def load(cls, path: Path) -> Moment:
        with np.load(path) as found:
            return cls(**found)


def read(train: Path, test: Path, folder: Path | None, *, asks_names: bool) -> Corpus:
    """`asks_names`: the labels' names teach where one label a text is given. The corpus is called otherwise then, so
    that neither its runs nor what was played are taken for those of heads without names."""
    (taught, several), (tests, _) = known_texts(train), known_texts(test)
    rows = taught + tests
    names = sorted({name for row in rows for name in row.labels})
    parts = [embeddings([row.text for row in own], path.stem, folder) for own, path in ((taught, train), (tests, test))]
    Y = np.array([[name in row.labels for name in names] for row in rows], np.uint8)
    words = None
    if several:
        texts = [row.text for row in rows]
        words = Words.of(learn_vocabulary(texts), texts)
    label_X = label_embeddings(names, train, folder) if asks_names and not several else None
    name = train.stem.removesuffix(".train") + (NAMED if label_X is not None else "")
    return Corpus(name, np.concatenate(parts), Y, several, names, words, label_X)


def part(corpus: Corpus, seed: int, *, pool_size: int) -> Project:
    order = np.random.default_rng([seed, 71]).permutation(len(corpus.X))
    pool = order[:pool_size]
    reserve = np.arange(int(audit_threshold(pool_size) * pool_size), dtype=np.int64)  # the order is random already
    return Project(corpus, pool, order[pool_size:], reserve)


def play(project: Project, seed: int, *, at: list[int]) -> Iterator[Moment]:
    """A moment at each of these numbers of labels."""
    for labelled, head in heads(project, seed, at=at):
        yield moment(project, labelled, head, seed)


def heads(project: Project, seed: int, *, at: list[int]) -> Iterator[tuple[Rows, Head]]:
    """Label as the default policy asks, the audit stream between; what is labelled, and the head that learnt it, at
    each of these numbers of labels. A head takes half the time of a moment."""
    labelled: list[int] = []
    audit = 0
    head: Head | None = None
    for count in at:
        while len(labelled) < count:
            batch = min(max(REFIT_EVERY, ceil(GROWTH * len(labelled))), count - len(labelled))
            asked = _asked(project, labelled, head, batch, seed)
            for _ in range(batch):
                if audit_is_due(len(labelled), audit) and audit < len(project.reserve):
                    labelled.append(int(project.reserve[audit]))
                    audit += 1
                else:
                    labelled.append(int(next(asked)))
            head = _head(project, labelled, head, seed)
        if head is not None:
            yield np.array(labelled), head


def kept(project: Project, seed: int, *, at: list[int], folder: Path | None) -> Iterator[Moment]:
    """The moments of `play`, from the folder where they are there: an estimator that was changed is measured again
    without playing."""
    paths = [folder / f"{project.corpus.name}-{seed}-{n}.npz" for n in at] if folder else []
    if paths and all(path.exists() for path in paths):
        yield from map(Moment.load, paths)
        return
    for moment in play(project, seed, at=at):
        if folder:
            moment.save(folder / f"{project.corpus.name}-{seed}-{len(moment.labelled)}.npz")
        yield moment


def _asked(project: Project, labelled: list[int], head: Head | None, k: int, seed: int) -> Iterator[int]:
    free = np.setdiff1d(np.arange(len(project.pool)), np.concatenate([project.reserve, labelled]).astype(np.int64))
    texts, multi = project.texts, project.corpus.multi_label
    proba = None if head is None else predict_proba(head, texts[free])
    pool = Pool(texts.X[free], proba, texts.X[labelled], project.Y[labelled], multi, project.corpus.label_names,
                thresholds=head.thresholds if head is not None and multi else None)  # fmt: skip
    strategy = "default" if head is not None or "default" in ASK_NO_MODEL else "cold"
    return iter(free[rank(pool, k, strategy=strategy, seed=seed + len(labelled)).rows])


def _head(project: Project, labelled: list[int], warm: Head | None, seed: int) -> Head | None:
    rows = np.array(labelled, np.int64)
    Y, texts = project.Y[rows], project.texts
    if len(np.unique(Y, axis=0)) < 2:
        return None
    multi, others = project.corpus.multi_label, _others(project, rows)
    names = of_rows(project.corpus.label_X)
    return fit(texts[rows], Y, multi_label=multi, pool=others, warm=warm, seed=seed, names=names)


def _others(project: Project, labelled: Rows) -> Views:
    """As in the product: with several labels a text what nobody labelled, with one the texts of the graph."""
    if not project.corpus.multi_label:
        return project.texts[sampled(len(project.pool), seed=0)]
    return project.texts[np.setdiff1d(np.arange(len(project.pool)), labelled)]


def moment(project: Project, labelled: Rows, head: Head, seed: int) -> Moment:
    texts, Y, multi = project.texts, project.Y, project.corpus.multi_label
    others = _others(project, labelled)
    names = of_rows(project.corpus.label_X)
    unseen, answers = cross_fit(texts[labelled], Y[labelled], multi_label=multi, pool=others, seed=seed, names=names)
    pool_proba = predict_proba(head, texts)
    pool_answers = decide(head, pool_proba)
    pool_proba[labelled], pool_answers[labelled] = unseen, answers
    rest = decide(head, predict_proba(head, project.corpus.texts[project.rest]))
    is_audit = np.isin(labelled, project.reserve)
    return Moment(labelled, is_audit, unseen, answers, pool_proba, pool_answers, rest)

"""The model that the labels alone make, and what it says of labelled texts it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run.recipe_config import RecipeConfig
from modelsvc.heads.folds import stratified_folds
from modelsvc.heads.left_out import LeftOut
from modelsvc.heads.prototypes import Prototypes
from modelsvc.heads.quick import fit_head, raw_logits
from modelsvc.stores.words import Words
from modelsvc.tuning.contrastive import contrast
from modelsvc.tuning.finetune import fine_tune
from modelsvc.types import Embeddings, Look, OnProgress, Progress, ReadTexts, Targets, Views

READING, READING_POOL = "reading the labelled texts", "reading the pool"
FOLDS = 2  # each costs about half a training; the estimate is a little too low, which is the safe side
FOLD_POOL = 1_000  # texts of the pool that the model of a fold reads


@dataclass(frozen=True)
class Task:
    """What is to be learnt, from which encoder, and whom to tell."""

    folder: Path | Encoder
    texts: Sequence[str]
    Y: Targets
    multi_label: bool
    threads: int
    seed: int
    on_progress: OnProgress
    label_texts: Sequence[Sequence[str]] = ()  # what each of the C labels is called, where that is to teach
    words: Words | None = None  # of the texts, where heads read them too
    known: ReadTexts | None = None  # by the encoder that nothing has tuned, where somebody knows what that says

    def names(self, told: OnProgress) -> Prototypes | None:
        """The labels' names as the encoder that nothing has tuned reads them; None where they are not to teach. `told`
        as in `encode`: there may be thousands."""
        return None if self.multi_label else Prototypes.read(self.label_texts, partial(self.as_it_came, told=told))

    def as_it_came(self, texts: Sequence[str], told: OnProgress) -> Embeddings:
        """(n, D) of any n texts, by the encoder that nothing has tuned."""
        if self.known is not None:
            return self.known(texts, told)
        whole = self.folder if isinstance(self.folder, Encoder) else Encoder.load(self.folder, threads=self.threads)
        return whole.encode(texts, on_progress=told)

    def within(self, start: float, end: float) -> Task:
        """The same task whose progress 0..1 is told as start..end of the whole."""

        def tell(progress: Progress) -> None:
            self.on_progress(replace(progress, done=start + progress.done * (end - start)))

        return replace(self, on_progress=tell)

    def standing(self, stage: str, at: float) -> OnProgress:
        """For work between two parts, such as reading texts: told as `stage`, while the bar stands at `at` 0..1. So
        it can be stopped in the middle."""

        def tell(_: Progress) -> None:
            self.on_progress(Progress(stage, at))

        return tell

    def looking(self, stage: str, at: float) -> Look:
        """As `standing`, for work that tells no progress of its own."""
        return lambda: self.on_progress(Progress(stage, at))

    def only(self, rows: list[int]) -> Task:
        """The same task on some of its texts."""
        words = None if self.words is None else self.words[np.array(rows, np.int64)]
        return replace(self, texts=[self.texts[row] for row in rows], Y=self.Y[rows], words=words)

    def views(self, X: Embeddings) -> Views:
        """Its texts as heads see them, with these embeddings (n, D)."""
        return Views(X, self.words)


def teach(task: Task, method: str, config: RecipeConfig | None = None) -> Encoder:
    """An encoder tuned on the task's labels, by pairs ("contrastive") or by a linear layer ("plain")."""
    config = config or RecipeConfig()
    if method == "contrastive":
        return contrast(
            task.folder,
            task.texts,
            task.Y,
            multi_label=task.multi_label,
            config=replace(config.pairs, seed=task.seed),
            threads=task.threads,
            on_progress=task.on_progress,
        ).encoder
    return fine_tune(
        task.folder,
        task.texts,
        task.Y,
        multi_label=task.multi_label,
        config=replace(config.fine_tuning, seed=task.seed),
        threads=task.threads,
        on_progress=task.on_progress,
    ).encoder


@dataclass(frozen=True)
class Part:
    """Some of a task's texts, left out of a training, and the others, which are learnt from."""

    rows: NDArray[np.int64]  # (m,) of the task, ascending
    left_out: Task
    rest: Task


def parts_of(task: Task) -> list[Part]:
    """FOLDS parts; they follow from the task alone. Their progress is told one after the other."""
    fold = stratified_folds(task.Y, folds=FOLDS, seed=task.seed)
    parts = []
    for f in range(FOLDS):
        rows, others = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
        rest = task.within(f / FOLDS, (f + 1) / FOLDS).only(others.tolist())
        parts.append(Part(rows, task.only(rows.tolist()), rest))
    return parts


def answers_unseen(
    task: Task, method: str, config: RecipeConfig | None = None, *, pool_texts: Sequence[str] = ()
) -> LeftOut:
    """What is said of n labelled texts, each by a model made without it, one label a text; with the pool's share, as
    such a model would serve, from at most FOLD_POOL of `pool_texts`.

    A part beside which fewer than two kinds are left to learn from is answered with the shares of these kinds.
    """
    unseen = LeftOut(np.zeros(task.Y.shape, np.float32), None, np.zeros(len(task.Y), np.bool_))
    few = pool_texts[:: -(-len(pool_texts) // FOLD_POOL)] if len(pool_texts) else ()
    for part in parts_of(task):
        rest = part.rest
        if np.count_nonzero(rest.Y.sum(0)) < 2:
            unseen.head[part.rows] = np.log(np.maximum(rest.Y.mean(0), 1e-6))
            continue
        unseen.head[part.rows] = _said_by(teach(rest, method, config), rest, part.left_out.texts, few)
        unseen.scorable[part.rows] = rest.Y.sum(0)[part.left_out.Y.argmax(1)] > 0
    return unseen


def _said_by(encoder: Encoder, task: Task, texts: Sequence[str], pool: Sequence[str]) -> NDArray[np.float32]:
    """Logits (m, C) of other texts by a head over an encoder tuned on the task's, which therefore calibrate nothing."""
    told = task.standing(READING, 1.0)
    head = fit_head(
        encoder.encode(task.texts, on_progress=told),
        task.Y,
        multi_label=False,
        seed=task.seed,
        calibrate_on=np.zeros(len(task.Y), np.bool_),
        pool_X=encoder.encode(pool, on_progress=task.standing(READING_POOL, 1.0)) if len(pool) else None,
        look=task.looking(READING, 1.0),
    )
    return raw_logits(head, encoder.encode(texts, on_progress=told))

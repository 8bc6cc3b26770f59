"""The model that the labels alone make, and what it says of labelled texts it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from modelsvc.contrastive import contrast
from modelsvc.encoder import Encoder
from modelsvc.finetune import fine_tune
from modelsvc.folds import stratified_folds
from modelsvc.prototypes import Prototypes
from modelsvc.quick import fit_head, predict_proba
from modelsvc.recipe_config import RecipeConfig
from modelsvc.types import Look, OnProgress, Proba, Progress, Targets

READING, READING_POOL = "reading the labelled texts", "reading the pool"
FOLDS = 2  # each costs about half a training; the estimate is a little too low, which is the safe side


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

    def names(self, encoder: Encoder) -> Prototypes | None:
        """The labels' names as this encoder reads them; None where they are not to teach."""
        if not self.label_texts or self.multi_label:
            return None
        columns = np.repeat(np.arange(len(self.label_texts)), [len(texts) for texts in self.label_texts])
        return Prototypes(encoder.encode([text for texts in self.label_texts for text in texts]), columns)

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
        return replace(self, texts=[self.texts[row] for row in rows], Y=self.Y[rows])


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


def answers_unseen(task: Task, method: str, config: RecipeConfig | None = None) -> Proba:
    """Probabilities (n, C) of each labelled text by a model made without it, in FOLDS folds.

    A fold in which fewer than two kinds are left to learn from answers with the shares of its kinds.
    """
    fold = stratified_folds(task.Y, folds=FOLDS, seed=task.seed)
    proba = np.zeros(task.Y.shape, np.float32)
    for f in range(FOLDS):
        mine, others = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
        rest = task.within(f / FOLDS, (f + 1) / FOLDS).only(others.tolist())
        if np.count_nonzero(rest.Y.sum(0)) < 2:
            proba[mine] = rest.Y.mean(0)
            continue
        encoder = teach(rest, method, config)
        told = rest.standing(READING, 1.0)
        head = fit_head(
            encoder.encode(rest.texts, on_progress=told),
            rest.Y,
            multi_label=task.multi_label,
            seed=task.seed,
            look=rest.looking(READING, 1.0),
        )
        left_out = [task.texts[row] for row in mine.tolist()]
        proba[mine] = predict_proba(head, encoder.encode(left_out, on_progress=told))
    return proba

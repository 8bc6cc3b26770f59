"""The model that the labels alone make, and what it says of labelled texts it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from modelsvc.contrastive import ContrastiveConfig, contrast
from modelsvc.encoder import Encoder
from modelsvc.finetune import FineTuneConfig, fine_tune
from modelsvc.folds import stratified_folds
from modelsvc.quick import fit_head, predict_proba
from modelsvc.types import OnProgress, Proba, Progress, Targets

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

    def within(self, start: float, end: float) -> Task:
        """The same task whose progress 0..1 is told as start..end of the whole."""

        def tell(progress: Progress) -> None:
            self.on_progress(replace(progress, done=start + progress.done * (end - start)))

        return replace(self, on_progress=tell)

    def only(self, rows: list[int]) -> Task:
        """The same task on some of its texts."""
        return replace(self, texts=[self.texts[row] for row in rows], Y=self.Y[rows])


def teach(task: Task, method: str) -> Encoder:
    """An encoder tuned on the task's labels, by pairs ("contrastive") or by a linear layer ("plain")."""
    if method == "contrastive":
        return contrast(
            task.folder,
            task.texts,
            task.Y,
            multi_label=task.multi_label,
            config=ContrastiveConfig(seed=task.seed),
            threads=task.threads,
            on_progress=task.on_progress,
        ).encoder
    return fine_tune(
        task.folder,
        task.texts,
        task.Y,
        multi_label=task.multi_label,
        config=FineTuneConfig(seed=task.seed),
        threads=task.threads,
        on_progress=task.on_progress,
    ).encoder


def answers_unseen(task: Task, method: str) -> Proba:
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
        encoder = teach(rest, method)
        head = fit_head(encoder.encode(rest.texts), rest.Y, multi_label=task.multi_label, seed=task.seed)
        proba[mine] = predict_proba(head, encoder.encode([task.texts[row] for row in mine.tolist()]))
    return proba

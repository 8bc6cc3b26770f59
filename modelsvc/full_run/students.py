"""Students: fresh encoders that learn from the labels and from the pool's surest texts, round after round."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run.recipe_config import RecipeConfig
from modelsvc.full_run.second_opinion import SecondOpinion
from modelsvc.full_run.selftrain import in_proportion, label_weight, neighbours_agree
from modelsvc.full_run.teacher import READING, READING_POOL, Task
from modelsvc.heads.pool_graph import sampled
from modelsvc.heads.quick import fit_head, predict_proba
from modelsvc.tuning.finetune import FineTuned, fine_tune
from modelsvc.tuning.soup import soup
from modelsvc.types import Embeddings, Head, Proba, Rows


@dataclass(frozen=True)
class Lesson:
    """The unlabelled texts (N,), what the teacher reads in them (N, D), the teacher, and who else is asked."""

    texts: list[str]
    X: Embeddings
    teacher: Encoder
    second: SecondOpinion | None = None


@dataclass(frozen=True)
class Learnt:
    """The mean of teacher and students, how many pseudo-labels the last had, and the share of texts on which student
    and teacher agreed."""

    encoder: Encoder
    used: int
    agreed: float


def learn_from_pool(task: Task, config: RecipeConfig, lesson: Lesson, sizes: list[int]) -> Learnt | None:
    """One student a number in `sizes`, each from the pretrained weights. None where no text may teach.

    The first learns from the teacher's surest answers, with the second opinion where there is one, that neighbours
    agree with; each later one from the mean of these and the student's before, where both agree. What serves is the
    mean of the weights of them all: on held-back texts level with the best of them or better, and it does not forget
    what only the labels said.
    """
    labelled = lesson.teacher.encode(task.texts, on_progress=task.standing(READING, 0.0))
    opinion = predict_proba(_judge(labelled, task, lesson), lesson.X)  # (N, C)
    if lesson.second is not None:
        opinion = lesson.second.beside(opinion)
    allowed = neighbours_agree(lesson.X, opinion.argmax(1), look=task.looking(READING_POOL, 0.0))
    mean, agreed, used = opinion, 1.0, 0
    cooks = [lesson.teacher]
    student: FineTuned | None = None
    for index, k in enumerate(sizes):
        part = task.within(index / len(sizes), (index + 1) / len(sizes))
        if student is not None:
            read = student.encoder.encode(lesson.texts, on_progress=part.standing(READING_POOL, 0.0))
            second = predict_proba(student.head, read)
            allowed = second.argmax(1) == opinion.argmax(1)
            mean, agreed = ((opinion + second) / 2).astype(np.float32), float(allowed.mean())
        rows = in_proportion(mean, k, allowed)
        if not len(rows):
            break
        student, used = _student(part, config, lesson.texts, mean, rows, seed=task.seed + index), len(rows)
        cooks.append(student.encoder)
    return None if student is None else Learnt(soup(cooks), used, agreed)


def _judge(labelled: Embeddings, task: Task, lesson: Lesson) -> Head:
    """The teacher's head, in which the pool has its share; its labelled texts cannot say how much, it has seen them."""
    pool, unseen = lesson.X[sampled(len(lesson.X), seed=task.seed)], np.zeros(len(task.Y), np.bool_)
    look = task.looking(READING_POOL, 0.0)
    return fit_head(labelled, task.Y, multi_label=False, seed=task.seed, calibrate_on=unseen, pool_X=pool, look=look)


def _student(task: Task, config: RecipeConfig, pool: list[str], proba: Proba, rows: Rows, *, seed: int) -> FineTuned:
    """A fresh encoder on the labels, shown several times, and the pseudo-labels of `rows`, shown once an epoch."""
    C, n = task.Y.shape[1], len(task.Y)
    pseudo = np.eye(C, dtype=np.uint8)[proba[rows].argmax(1)]
    weights: NDArray[np.float64] = np.ones(n + len(rows))
    weights[:n] = label_weight(n)
    taught = replace(config.fine_tuning, epochs=config.epochs, label_smoothing=config.label_smoothing)
    return fine_tune(
        task.folder,
        [*task.texts, *(pool[row] for row in rows)],
        np.concatenate([task.Y, pseudo]),
        multi_label=False,
        config=replace(taught, balance=False, seed=seed),
        weights=weights,
        threads=task.threads,
        on_progress=task.on_progress,
    )

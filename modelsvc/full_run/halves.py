"""Whether tuning pays, by the labels at hand: each half of them foretold by models made of the other half. And how sure
a head over the tuned encoder may be, which none of the texts that tuned it can say. One label a text."""

from __future__ import annotations

import numpy as np

from modelsvc.evaluation.paired import Comparison, compare_answers
from modelsvc.full_run.halves_facts import FACTS, LABELS, TEMPERATURE, TUNED_SHARE
from modelsvc.full_run.second_opinion import share_of_tuned
from modelsvc.full_run.teacher import FOLDS, READING, READING_POOL, Task
from modelsvc.heads.left_out import LeftOut
from modelsvc.heads.links import likeliest, softmax
from modelsvc.heads.pool_graph import sampled
from modelsvc.heads.quick import cross_fit
from modelsvc.types import Proba, Targets


def facts_of(task: Task, unseen: LeftOut, pool_texts: list[str], *, at: float) -> dict[str, float | str]:
    """For a stage's card: how the models of both halves, which said `unseen`, did beside the encoder as it came, how
    sure they may be, and how much of the pool's answers is theirs. `at` 0..1 is where the bar stands meanwhile."""
    frozen = frozen_unseen(task, pool_texts, at=at)
    found = beside_frozen(task, unseen, frozen)
    share = share_of_tuned(frozen, proba_of(unseen, task.Y), task.Y, unseen.scorable)
    values = (found.right, found.right_before, round(found.p, 3), len(task.Y))
    facts: dict[str, float | str] = dict(zip((*FACTS, LABELS), values, strict=True))
    return facts | {TEMPERATURE: round(temperature_of(unseen, task.Y), 3), TUNED_SHARE: share}


def frozen_unseen(task: Task, pool_texts: list[str], *, at: float) -> Proba:
    """(n, C) what heads over the encoder as it came say of each half, taught by the other, by what labels are called
    and with the pool's share, as they would serve."""
    X = task.as_it_came(task.texts, task.standing(READING, at))
    asked = [pool_texts[row] for row in sampled(len(pool_texts), seed=task.seed).tolist()]
    pool = task.as_it_came(asked, task.standing(READING_POOL, at)) if asked else None
    names = task.names(task.standing(READING, at))
    look = task.looking(READING, at)
    return cross_fit(X, task.Y, multi_label=False, seed=task.seed, folds=FOLDS, pool_X=pool, names=names, look=look)[0]


def beside_frozen(task: Task, unseen: LeftOut, frozen: Proba) -> Comparison:
    """The tuned models of both halves beside what heads over the encoder as it came said, `frozen` (n, C).

    Half of the labels teaches less than all, and a tuned encoder misses them more: what speaks for it here speaks the
    more for it with all.
    """
    return compare_answers(likeliest(unseen.head), likeliest(frozen), task.Y, multi_label=False, seed=task.seed)


def temperature_of(unseen: LeftOut, Y: Targets) -> float:
    """Of a head over an encoder tuned on the texts of Y (n, C): that of the models of their halves, by the texts those
    had not seen."""
    return unseen.temperature(None, Y, unseen.scorable)


def proba_of(unseen: LeftOut, Y: Targets) -> Proba:
    """(n, C) how sure they were."""
    return softmax(unseen.head / np.float32(temperature_of(unseen, Y)))

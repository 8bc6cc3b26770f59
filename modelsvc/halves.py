"""Whether tuning pays, by the labels at hand: each half of them foretold by models made of the other half."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from modelsvc.encoder import Encoder
from modelsvc.paired import Comparison, compare_answers
from modelsvc.pool_graph import sampled
from modelsvc.quick import cross_fit
from modelsvc.teacher import FOLDS, READING, READING_POOL, Task
from modelsvc.types import Proba, Targets

FACTS = ("halves_right", "halves_right_frozen", "halves_p")  # what `facts_of` calls them
WORSE = 0.1  # p below which the labels at hand speak against tuning


def beside_frozen(task: Task, tuned: Proba, pool_texts: list[str], *, at: float) -> Comparison:
    """`tuned` (n, C), the probabilities of `teacher.answers_unseen`, beside a head over the encoder as it came, taught
    by the same halves and with the pool's share, as it would serve. One label a text; `at` 0..1 is where the bar
    stands meanwhile.

    Half of the labels teaches less than all, and a tuned encoder misses them more: what speaks for it here speaks the
    more for it with all.
    """
    encoder = task.folder if isinstance(task.folder, Encoder) else Encoder.load(task.folder, threads=task.threads)
    X = encoder.encode(task.texts, on_progress=task.standing(READING, at))
    asked = [pool_texts[row] for row in sampled(len(pool_texts), seed=task.seed).tolist()]
    pool = encoder.encode(asked, on_progress=task.standing(READING_POOL, at)) if asked else None
    names = task.names(encoder)
    _, frozen = cross_fit(X, task.Y, multi_label=False, seed=task.seed, folds=FOLDS, pool_X=pool, names=names)
    return compare_answers(_likeliest(tuned), frozen, task.Y, multi_label=False, seed=task.seed)


def facts_of(found: Comparison) -> dict[str, float | str]:
    """For a stage's card."""
    return dict(zip(FACTS, (found.right, found.right_before, round(found.p, 3)), strict=True))


def speak_against(facts: Mapping[str, float | str]) -> bool:
    """Whether the labels at hand, where they were asked, say that the tuned encoder is worse by more than chance. Each
    half misses the other's labels, a tuned encoder the more, so only what is hardly chance counts."""
    return float(facts.get(FACTS[2], 1.0)) < WORSE


def _likeliest(proba: Proba) -> Targets:
    answers: Targets = np.zeros(proba.shape, np.uint8)
    answers[np.arange(len(proba)), proba.argmax(axis=1)] = 1
    return answers

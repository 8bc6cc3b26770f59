"""What halves of the labels say of tuning where a text may have several labels, most of them rare.

As in halves.py each half is asked about with models of the other half. They are compared by the order into which they
put its texts for each label, since half of a rare label's texts cannot set a threshold. Besides, they tell what the
texts that tuned an encoder cannot: what the embedding is to count beside words. How sure the sum may be is not taken
from them: on terms of service the loop was behind with it at 256 labels in two seeds (benchmarks/LOG.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.rankings import Rankings, compare_rankings
from modelsvc.full_run.halves_facts import LABELS, RANKED, SHARE, Facts
from modelsvc.full_run.recipe_config import RecipeConfig
from modelsvc.full_run.teacher import READING, Part, Task, parts_of, teach
from modelsvc.heads.both_views import Said
from modelsvc.heads.either import said_by, share_of_embedding
from modelsvc.types import Look, Views, unwatched

LEAST_EXAMPLES = 6  # that can be asked: of fewer, one text would decide


@dataclass(frozen=True)
class Halves:
    """What heads said of the texts of one half, by the labels of the other."""

    tuned: Said  # (n, C)
    frozen: Said  # (n, C)
    group: NDArray[np.int64]  # (n,) which half
    known: NDArray[np.bool_]  # (2, C) whether the models that were asked about that half could learn the label


def as_it_came(task: Task, *, at: float) -> tuple[Views, float]:
    """The labelled texts as the encoder read them before it was tuned, and the share of it beside words. A tuned one
    has the same until halves say otherwise: where embeddings are worth more than words (descriptions of programs,
    16 labels, 256 texts) its average precision was .37 with the usual share and .41 with the other's."""
    views = task.views(task.as_it_came(task.texts, task.standing(READING, at)))
    share = share_of_embedding(views, task.Y, seed=task.seed, look=task.looking(READING, at))
    return views, share


def asked(task: Task, method: str, views: Views, config: RecipeConfig | None = None) -> Halves:
    """Costs about a training. `views` are the texts as the encoder read them before it was tuned."""
    parts, shape = parts_of(task), task.Y.shape
    tuned, frozen = _nothing_said(shape, task), _nothing_said(shape, task)
    for part in parts:
        if not part.rest.Y.any() or not len(part.rows):
            continue
        told = part.rest.standing(READING, 1.0)
        encoder = teach(part.rest, method, config)
        here, there = (each.views(encoder.encode(each.texts, on_progress=told)) for each in (part.rest, part.left_out))
        look = part.rest.looking(READING, 1.0)
        _note(tuned, part, said_by(here, part.rest.Y, there, look=look))
        rest = np.setdiff1d(np.arange(len(task.Y)), part.rows)
        _note(frozen, part, said_by(views[rest], part.rest.Y, views[part.rows], look=look))
    group = np.zeros(len(task.Y), np.int64)
    for index, part in enumerate(parts):
        group[part.rows] = index
    return Halves(tuned, frozen, group, np.stack([part.rest.Y.any(axis=0) for part in parts]))


def facts_of(task: Task, method: str, config: RecipeConfig | None = None, *, ask: bool, at: float) -> Facts:
    """For a stage's card: what heads over the tuned encoder may take for granted, and with `ask`, which costs about a
    training, how models of the halves did beside the encoder as it came. This is left out where examples are too few to
    tell; `at` 0..1 is where the bar stands meanwhile."""
    if not ask and task.words is None:
        return {}
    views, before = as_it_came(task, at=at)
    if not ask:
        return {SHARE: before}
    halves = asked(task, method, views, config)
    share = share_of(task, halves, before)
    facts: dict[str, float | str] = {} if task.words is None else {SHARE: share}
    ranked = compare(task, halves, share, before, look=task.looking(READING, 1.0))
    if ranked.examples < LEAST_EXAMPLES:
        return facts
    values = (round(ranked.precision, 3), round(ranked.precision_before, 3), ranked.p, len(task.Y))
    return dict(zip((*RANKED, LABELS), values, strict=True)) | facts


def compare(task: Task, halves: Halves, share: float, before: float, *, look: Look = unwatched) -> Rankings:
    """The tuned models of both halves beside heads over the encoder as it came, each with its share beside words."""
    tuned, frozen = halves.tuned.mixed(share), halves.frozen.mixed(before)
    return compare_rankings(tuned, frozen, task.Y, halves.group, halves.known, seed=task.seed, look=look)


def share_of(task: Task, halves: Halves, before: float) -> float:
    """The embedding's share that suits the tuned models of the halves; `before`, that of the encoder as it came, unless
    they speak clearly for another one."""
    known = halves.known[halves.group]  # (n, C)
    scorable = np.asarray(known.any(axis=1) & ~((task.Y > 0) & ~known).any(axis=1))
    return halves.tuned.calibration(scorable, task.Y, before)[0]


def _nothing_said(shape: tuple[int, ...], task: Task) -> Said:
    return Said(np.zeros(shape, np.float32), None if task.words is None else np.zeros(shape, np.float32))


def _note(said: Said, part: Part, found: Said) -> None:
    said.dense[part.rows] = found.dense
    if said.words is not None and found.words is not None:
        said.words[part.rows] = found.words

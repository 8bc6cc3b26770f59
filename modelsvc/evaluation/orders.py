"""One head, taught with ever more labels of one order, asked about the same texts each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.saving import Arm
from modelsvc.heads.either import cross_fit, fit
from modelsvc.heads.prototypes import Prototypes
from modelsvc.heads.quick import decide, predict_proba
from modelsvc.types import Look, Rows, Targets, Views, unwatched

FIRST = 8
GROWTH = 1.15
FOLDS = 10


@dataclass(frozen=True)
class Taught:
    """An order of labelling as heads saw it."""

    given: list[int]  # labels given at each of the K counts
    arm: Arm


def counts(n: int) -> list[int]:
    """FIRST, then GROWTH times as many each time, and n itself at the end. Empty below FIRST."""
    found, count = [], FIRST
    while count < n:
        found.append(count)
        count = max(round(count * GROWTH), count + 1)
    return [*found, n] if n >= FIRST else []


def teach_in_order(
    texts: Views,
    Y: Targets,
    *,
    order: Rows,
    judged: Rows,
    pool: Views,
    multi_label: bool,
    seed: int,
    names: Prototypes | None = None,
    on_head: Callable[[], None] = lambda: None,
    look: Look = unwatched,
) -> Taught:
    """Heads from growing beginnings of `order`, rows of the labelled `texts` (n) with labels Y (n, C); each answers for
    the texts in `judged` (a,) that it has not learnt from: those in its beginning are cross-fitted. `pool`, `names`
    and `look` as in `either.fit`. Beginnings of one kind of label teach nothing and are passed over.

    A cross-fitted head lacks a tenth of the labels; so the labels learnt from are counted, not those given. Otherwise
    the arm in which more texts are judged this way would seem to learn more slowly.
    """
    told: dict[str, Any] = {"multi_label": multi_label, "pool": pool, "seed": seed, "names": names, "look": look}
    place = np.full(len(texts), -1)
    given, learnt, answers = [], [], []
    for count in counts(len(order)):
        rows = order[:count]
        if len(np.unique(Y[rows], axis=0)) < 2:
            continue
        place[rows] = np.arange(count)
        seen = place[judged] >= 0
        answer = np.zeros((len(judged), Y.shape[1]), np.uint8)
        if seen.any():
            _, out_of_fold = cross_fit(texts[rows], Y[rows], **told)
            answer[seen] = out_of_fold[place[judged[seen]]]
        if not seen.all():
            head = fit(texts[rows], Y[rows], **told)
            answer[~seen] = decide(head, predict_proba(head, texts[judged[~seen]]))
        given.append(count)
        learnt.append(count * (1 - seen.mean() / min(FOLDS, count)))
        answers.append(answer)
        on_head()
    stacked: NDArray[np.uint8] = np.stack(answers) if answers else np.zeros((0, len(judged), Y.shape[1]), np.uint8)
    return Taught(given, Arm(np.array(learnt), stacked))

"""Macro-F1 and each label's figures from few audit texts, with the model's help: what it expects of each label over all
the pool, corrected by how often it was right about the audit texts.

How many texts it gives a label to is known without anybody reading one. How many of those are right, and how many it
missed, it expects itself: sums of its probabilities. Each such sum is multiplied by observed over expected in the audit
(indirect standardisation) with Jeffreys' gamma prior, so that a label the audit hardly met keeps the model's word and a
wide doubt (Clayton & Kaldor 1987, Biometrics 43; F1 as a ratio of gammas: Goutte & Gaussier 2005, ECIR). The plain
bootstrap knows of no label that the audit did not meet, and held the truth in 65 to 90 of 100 simulated projects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.intervals import EvaluationError, Interval
from modelsvc.types import Proba, Targets

Floats = NDArray[np.float64]

PRIOR = 0.5  # Jeffreys' for a rate: worth half an event, seen as often as expected
DRAWS = 2_000
LEAST_CARRYING = 1  # audit texts with a label: of none the model's word would stand alone
ANYTHING = Interval(0.0, 0.0, 1.0)  # of a label that is neither carried nor given


@dataclass(frozen=True)
class Expected:
    """What a model expects of each label in the pool, as shares of the texts, all (C,)."""

    right: Floats  # given, and rightly
    wrong: Floats  # given, and wrongly
    missed: Floats  # carry it, and were not given it

    @classmethod
    def of(cls, proba: Proba, answers: Targets) -> Expected:
        """(N, C), (N, C) of N texts; of none all is 0."""
        return cls(*(part / max(1, len(proba)) for part in _parts(proba.astype(np.float64), answers > 0)))


@dataclass(frozen=True)
class LabelFigures:
    """One label. Precision is None where the model gives it to no text of the pool."""

    precision: Interval | None
    recall: Interval
    f1: Interval


@dataclass(frozen=True)
class Assisted:
    macro_f1: Interval  # over the labels that are carried or given; its low end over all of them
    labels: list[LabelFigures]  # C
    unmet: int  # labels that are neither


def assisted_figures(
    truth: Targets,
    answers: Targets,
    proba: NDArray[np.floating],
    pool: Expected,
    *,
    seed: int,
    carried: NDArray[np.bool_] | None = None,
    unmet_open: bool = True,
    level: float = 0.95,
) -> Assisted | None:
    """`truth`, `answers` and `proba` (n, C) are of the audit texts, by heads that have not seen them; `carried` (C,)
    tells which labels any labelled text carries, without it those of the audit texts. None where no audit text carries
    a label. A label that nobody carries and the model gives to no text is left out of macro-F1, as scikit-learn does:
    either no text carries it, or its F1 is 0. Which of them is not known, so the low end counts it as 0; figures from
    before that, `unmet_open` False, did not. Raises EvaluationError where shapes differ."""
    if not truth.shape == answers.shape == proba.shape:
        raise EvaluationError(f"Truth {truth.shape}, answers {answers.shape}, probabilities {proba.shape} must agree.")
    if int(truth.any(axis=1).sum()) < LEAST_CARRYING:
        return None
    given = answers > 0
    occurs = (truth > 0).any(axis=0) | given.any(axis=0) | (pool.right + pool.wrong > 0)
    if carried is not None:
        occurs |= carried
    pool = Expected(pool.right[occurs], pool.wrong[occurs], pool.missed[occurs])
    seen = _parts(truth[:, occurs].astype(np.float64), given[:, occurs])
    hoped = _parts(proba[:, occurs].astype(np.float64), given[:, occurs])
    rng = np.random.default_rng(seed)
    middle = _over_the_pool(pool, [(PRIOR + s) / (PRIOR + h) for s, h in zip(seen, hoped, strict=True)])
    times = [rng.gamma(PRIOR + s, size=(DRAWS, len(s))) / (PRIOR + h) for s, h in zip(seen, hoped, strict=True)]
    drawn = _over_the_pool(pool, times)
    precision, recall, f1 = (
        _intervals(middle_of, drawn_of, level) for middle_of, drawn_of in zip(middle, drawn, strict=True)
    )
    of_labels = zip(precision, recall, f1, pool.right + pool.wrong, strict=True)
    figures = (LabelFigures(p if share > 0 else None, r, f) for p, r, f, share in of_labels)
    labels = [next(figures) if there else LabelFigures(None, ANYTHING, ANYTHING) for there in occurs]
    [macro_f1] = _intervals(middle[2].mean(axis=-1, keepdims=True), drawn[2].mean(axis=-1, keepdims=True), level)
    if unmet_open:
        macro_f1 = replace(macro_f1, low=macro_f1.low * float(occurs.mean()))
    return Assisted(macro_f1, labels, int((~occurs).sum()))


def _intervals(middle: Floats, drawn: Floats, level: float) -> list[Interval]:
    """(K,), (DRAWS, K) -> K of them, each widened to hold its own middle."""
    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    bounds = zip(middle.tolist(), low.tolist(), high.tolist(), strict=True)
    return [Interval(at, min(at, down), max(at, up)) for at, down, up in bounds]


def _parts(carries: Floats, given: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Texts rightly given, wrongly given and missed, by label: (n, C), (n, C) -> three of (C,)."""
    return (carries * given).sum(axis=0), ((1 - carries) * given).sum(axis=0), (carries * ~given).sum(axis=0)


def _over_the_pool(pool: Expected, times: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and F1 by label when what the pool is expected to hold is multiplied so, and the share given to
    each label stays. (..., C) each; 0 where there is nothing to divide by."""
    right, wrong, missed = pool.right * times[0], pool.wrong * times[1], pool.missed * times[2]
    given = pool.right + pool.wrong
    hits = _share(given * right, right + wrong)
    return _share(right, right + wrong), _share(hits, hits + missed), _share(2 * hits, given + hits + missed)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.where(whole > 0, part / np.maximum(whole, 1e-300), 0.0))

"""The queue's rows: the texts in the order in which they are asked, why, and what the model expects of each."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from labeller.annotation.models import QueueEntry
from labeller.annotation.queue import AUDIT_REASON, SECOND_REASON
from labeller.learning import artifacts
from labeller.learning.bridges.material import Refit
from labeller.learning.bridges.names import names_read, ranking_names
from labeller.learning.bridges.pool import draws, pool_arrays
from modelsvc.querying.pool import AsItCame
from modelsvc.querying.strategies import ASK_NO_MODEL, Pool, rank
from modelsvc.types import Proba, Ranked, Rows

ACTIVE_HEAD = 200
WHOLE_PREDICTION = 12  # labels up to which every probability is stored
TOP_LABELS = 5


def active_entries(
    material: Refit, candidates: Rows, proba: Proba | None, thresholds: NDArray[np.float32] | None
) -> list[QueueEntry]:
    """The candidates that the project's strategy asks first."""
    if not len(candidates):
        return []
    ranked = _ranked(material, candidates, min(ACTIVE_HEAD, len(candidates)), proba, thresholds)
    return [
        _entry(
            material,
            QueueEntry.Stream.ACTIVE,
            at,
            int(candidates[row]),
            proba,
            reason=ranked.reasons[at],
            score=float(ranked.scores[at]),
            probability=float(np.clip(ranked.probabilities[at], 0.0, 1.0)),
        )
        for at, row in enumerate(ranked.rows)
    ]


def begun_entries(material: Refit, rows: Rows) -> list[QueueEntry]:
    """Texts that others have answered. No model says anything of them: it has learnt those answers."""
    return [
        _entry(material, QueueEntry.Stream.BEGUN, at, row, None, reason=SECOND_REASON, score=None, probability=None)
        for at, row in enumerate(rows.tolist())
    ]


def _ranked(
    material: Refit, candidates: Rows, k: int, proba: Proba | None, thresholds: NDArray[np.float32] | None
) -> Ranked:
    pool = Pool(
        X=material.pool.X[candidates],
        proba=None if proba is None else proba[candidates],
        labelled_X=material.X,
        labelled_Y=material.labels.Y,
        multi_label=material.project.is_multi,
        label_names=material.labels.label_names,
        label_X=ranking_names(material.project, material.pool, material.labels.label_ids),
        thresholds=thresholds,
        in_hand_X=material.pool.X[material.in_hand],
        as_it_came=partial(_as_it_came, material, candidates),
        answered=None if proba is None or material.project.is_multi else _answered(material, proba),
        turn=len(material.rows),
    )
    strategy = material.project.strategy
    if proba is None and strategy not in ASK_NO_MODEL:
        strategy = "cold"  # a strategy that asks a model begins with texts that stand for groups
    return rank(pool, k, strategy=strategy, seed=material.seed)


def _answered(material: Refit, proba: Proba) -> NDArray[np.int64]:
    """(C,) for how many texts of the pool that nobody has labelled each label is the likeliest."""
    return np.bincount(proba.argmax(axis=1)[~material.is_learnt], minlength=proba.shape[1])


def _as_it_came(material: Refit, candidates: Rows) -> AsItCame | None:
    """What the encoder as it came had read of these texts before a tuned one served. None while it serves itself, and
    once most of them came later."""
    if material.reader.base is None:
        return None
    pool = pool_arrays(artifacts.embeddings_folder(material.project.pk, material.reader.encoder))

    def rows_of(texts: Rows) -> Rows:
        at, found = pool.rows_of(material.pool.ids[texts])
        rows = np.full(len(texts), -1, np.int64)
        rows[found] = at
        return rows

    rows = rows_of(candidates)
    if np.count_nonzero(rows >= 0) < len(rows) / 2:
        return None
    covered = rows_of(np.concatenate([material.rows, material.in_hand]))
    return AsItCame(pool.X, rows, covered, names_read(material.project, pool, material.labels.label_ids))


def audit_entries(material: Refit, rows: Rows, proba: Proba | None) -> list[QueueEntry]:
    pool_size = len(draws(material.project.pk)[0])
    return [
        _entry(
            material,
            QueueEntry.Stream.AUDIT,
            at,
            int(row),
            proba,
            reason=AUDIT_REASON,
            score=None,
            probability=1 / pool_size,
        )
        for at, row in enumerate(rows)
    ]


def _entry(
    material: Refit,
    stream: QueueEntry.Stream,
    at: int,
    row: int,
    proba: Proba | None,
    *,
    reason: str,
    score: float | None,
    probability: float | None,
) -> QueueEntry:
    """A text whose label this head has learnt gets no prediction, nor a reason made from one: they would hand the
    first annotator's answer to the second."""
    learnt = proba is not None and bool(material.is_learnt[row])
    if learnt and stream == QueueEntry.Stream.ACTIVE:
        reason = SECOND_REASON  # a file's label is one person's answer too
    return QueueEntry(
        project=material.project,
        document_id=int(material.pool.ids[row]),
        stream=stream,
        rank=at,
        score=score,
        reason=reason[:300],
        model_key="" if proba is None else model_key(material),
        prediction=None if proba is None or learnt else prediction(proba[row], material.labels.label_ids),
        probability=probability,
    )


def prediction(proba: NDArray[np.float32], label_ids: list[int]) -> dict[str, float]:
    """{"<label id>": probability} of all labels, or of the likeliest five when there are many. (C,) -> dict."""
    columns = np.argsort(-proba, kind="stable")
    if len(label_ids) > WHOLE_PREDICTION:
        columns = columns[:TOP_LABELS]
    return {str(label_ids[c]): round(float(proba[c]), 4) for c in columns}


def model_key(material: Refit) -> str:
    return f"quick-{material.reader.key}-{len(material.rows)}"[:80]

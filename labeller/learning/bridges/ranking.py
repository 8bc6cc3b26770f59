"""The queue's rows: which texts may be asked, in which order, why, and what the model expects of each."""

from __future__ import annotations

from functools import partial

import numpy as np
from django.db.models import Count, Q, QuerySet
from numpy.typing import NDArray

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, QueueEntry, Source
from labeller.annotation.overlap import Overlap, turned
from labeller.annotation.queue import AUDIT_REASON
from labeller.learning import artifacts
from labeller.learning.bridges.material import Refit
from labeller.learning.bridges.names import names_read, ranking_names
from labeller.learning.bridges.pool import Ids, draws, pool_arrays
from labeller.projects.models import Project
from labeller.projects.selectors import who_label
from modelsvc.querying.pool import AsItCame
from modelsvc.querying.strategies import ASK_NO_MODEL, Pool, rank
from modelsvc.types import Proba, Ranked, Rows

ACTIVE_HEAD = 200
AUDIT_HEAD = 60
SECOND_REASON = "Asked because it wants an answer from another person too"
WHOLE_PREDICTION = 12  # labels up to which every probability is stored
TOP_LABELS = 5


def streams(material: Refit) -> tuple[Rows, Rows]:
    """Rows of the pool that may be asked: the candidates of the strategies, and the next of the audit reserve."""
    ids, draw = draws(material.project.pk)
    threshold = reserve_below(material.project, len(ids))
    overlap = Overlap.of(material.project)
    answers = Annotation.objects.filter(project=material.project, superseded_at=None)
    active = ids[(draw >= threshold) & ~_closed(material.project, answers, ids, np.full(len(ids), overlap.of_others))]
    # A file's labels may cover any part of the pool: the audit asks for those texts all the same.
    read = answers.exclude(source=Source.IMPORT)
    reserve = (draw < threshold) & ~_closed(material.project, read, ids, _wanted_in_audit(overlap, draw))
    by_draw = ids[reserve][np.argsort(draw[reserve], kind="stable")]
    return material.pool.rows_of(active)[0], material.pool.rows_of(by_draw)[0][:AUDIT_HEAD]


def _wanted_in_audit(overlap: Overlap, draw: NDArray[np.float64]) -> NDArray[np.int64]:
    """(P,) how many answers each of these texts wants, if it is drawn."""
    shared = np.ones(len(draw), bool) if overlap.share is None else turned(draw) < overlap.share
    return np.where(shared, overlap.people, 1)


def _closed(project: Project, answers: QuerySet[Annotation], ids: Ids, wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(P,) which of the texts `ids`, ascending, have all answers `wanted`, or were answered or skipped by everybody who
    may label now, or were decided in the review. What people said to a gold text is no answer to it, but nobody reads
    a text twice."""
    people = list(who_label(project).values_list("user_id", flat=True))
    counts = (
        answers.order_by()
        .values("document_id")
        .annotate(
            # People, not rows: a skip may stand beside the same person's imported label.
            given=Count("annotator_id", distinct=True, filter=Q(annotator__in=people)),
            labelled=Count("id", filter=Q(status=Annotation.Status.LABELLED) & ~Q(source=Source.GOLD)),
            decided=Count("id", filter=Q(source=Source.REVIEW)),
        )
        .values_list("document_id", "given", "labelled", "decided")
    )
    table = np.array(list(counts), np.int64).reshape(-1, 4)
    table = table[np.isin(table[:, 0], ids)]  # a text may have been imported since
    at = np.searchsorted(ids, table[:, 0])
    closed = np.zeros(len(ids), bool)
    closed[at] = (table[:, 2] >= wanted[at]) | (table[:, 1] >= max(len(people), 1)) | (table[:, 3] > 0)
    return closed


def active_entries(
    material: Refit, candidates: Rows, proba: Proba | None, thresholds: NDArray[np.float32] | None
) -> list[QueueEntry]:
    if not len(candidates):
        return []
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
    )
    k = min(ACTIVE_HEAD, len(candidates))
    strategy = material.project.strategy
    if proba is None and strategy not in ASK_NO_MODEL:
        strategy = "cold"  # a strategy that asks a model begins with texts that stand for groups
    ranked: Ranked = rank(pool, k, strategy=strategy, seed=material.seed)
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
    probability: float,
) -> QueueEntry:
    """A text whose label this head has learnt gets no prediction, nor a reason made from one: they would hand the
    first annotator's answer to the second."""
    learnt = proba is not None and bool(material.is_learnt[row])
    if learnt and stream == QueueEntry.Stream.ACTIVE:
        reason = SECOND_REASON
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

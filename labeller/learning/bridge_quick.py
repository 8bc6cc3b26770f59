"""The quick loop: labels so far -> head -> the pool in order -> the queue's rows. No torch: numpy and the stored
embeddings are all it needs, so that a quick worker stays small."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, QueueEntry, Ranking, Source
from labeller.annotation.queue import AUDIT_REASON
from labeller.learning import artifacts, automatic
from labeller.learning.bridge_names import names_of
from labeller.learning.bridge_pool import Ids, Labelled, PoolArrays, Reader, draws, labelled, pool_arrays, reader_of
from labeller.learning.bridge_sample import sample
from labeller.learning.bridge_versions import Made, score_audit, store
from labeller.learning.bridge_words import unlabelled, views_of
from labeller.learning.models import LoopState, ModelVersion
from labeller.learning.runs import Superseded
from labeller.learning.selectors import newest_quick_version
from labeller.learning.triggers import is_milestone
from labeller.projects.models import Membership, Project, Role
from modelsvc.heads import fit
from modelsvc.quick import predict_proba
from modelsvc.store import EmbeddingStore
from modelsvc.strategies import ASK_NO_MODEL, Pool, rank
from modelsvc.types import Embeddings, Head, Proba, Ranked, Rows, Views

ACTIVE_HEAD = 200
AUDIT_HEAD = 60
SECOND_REASON = "Asked because it wants an answer from another person too"
ALWAYS_CALIBRATED = 3_000  # labelled texts up to which every refit calibrates anew
ALWAYS_CALIBRATED_WORDS = 500  # the same for heads that read words, whose folds take four times as long
FITTED_TEXTS = 20_000  # labelled texts beyond which a head is fitted on a sample of this size
WHOLE_PREDICTION = 12  # labels up to which every probability is stored
TOP_LABELS = 5

_heads: dict[int, tuple[tuple[str, tuple[int, ...]], Head]] = {}


@dataclass(frozen=True)
class _Refit:
    """One refit's material: the pool, and its labelled rows."""

    project: Project
    reader: Reader
    pool: PoolArrays  # N texts
    labels: Labelled  # the n labelled texts that have an embedding
    rows: Rows  # (n,) of the labelled texts in the pool
    started: float

    @property
    def seed(self) -> int:
        return self.project.seed + len(self.rows)

    @cached_property
    def is_learnt(self) -> NDArray[np.bool_]:
        """(N,) which texts of the pool the head has learnt from."""
        learnt = np.zeros(len(self.pool.ids), bool)
        learnt[self.rows] = True
        return learnt

    @cached_property
    def fitted(self) -> Rows:
        """(m,) which of the n labelled texts the head is fitted on and scored with."""
        return sample(self.labels, size=FITTED_TEXTS, seed=self.project.seed)

    @property
    def X(self) -> Embeddings:
        return self.pool.X[self.rows]

    @cached_property
    def views(self) -> Views:
        """The whole pool as the head sees it. (N)"""
        return views_of(self.project, self.pool)

    @cached_property
    def others(self) -> Views:
        """Texts without labels, which tell how often each label is to be expected."""
        return unlabelled(self.views, self.rows, seed=self.project.seed)


def refit(project_id: int, token: uuid.UUID) -> None:
    """Put the project's queue in order by its labels of this moment. Raises Superseded when the claim was lost."""
    started = time.perf_counter()
    project = Project.objects.get(pk=project_id)
    reader = reader_of(project)
    pool = pool_arrays(reader.store_folder)
    if not len(pool.ids):
        return  # nothing is read yet: annotation serves in random order
    everything = labelled(project)
    rows, found = pool.rows_of(everything.document_ids)
    material = _Refit(project, reader, pool, everything.only(found), rows, started)
    milestone = _is_milestone(reader, project, len(rows))
    head = _fit(material, calibrate=milestone) if material.labels.kinds >= 2 else None
    proba = predict_proba(head, material.views) if head is not None else None
    if head is None and _cold_order_stands(project, len(pool.ids)):
        _note(project_id, token, len(rows))
        return
    active, audit = _streams(material)
    thresholds = head.thresholds if head is not None and project.is_multi else None
    entries = _active_entries(material, active, proba, thresholds) + _audit_entries(material, audit, proba)
    _write(material, token, entries, has_model=head is not None)
    if head is not None:
        if milestone:
            _store_version(material, token, head)
        automatic.consider_full(project, kinds=_teaching_kinds(everything), labels=len(everything.Y))


def _fit(material: _Refit, *, calibrate: bool) -> Head:
    """Warm-started from this process's last head when that had the same labels and embeddings. With many labels such a
    head is calibrated anew only when `calibrate` says so: the folds take several times as long as the fit."""
    key = (str(material.reader.store_folder), tuple(material.labels.label_ids))
    known = _heads.get(material.project.pk)
    warm = known[1] if known and known[0] == key else None
    project, labels = material.project, material.labels.only(material.fitted)
    # A tuned encoder has seen the texts it was taught with: only the audit texts can say how sure the head may be.
    unseen = labels.is_audit if material.reader.base else None
    head = fit(
        material.views[material.rows[material.fitted]],
        labels.Y,
        multi_label=project.is_multi,
        pool=material.others,
        warm=warm,
        seed=project.seed,
        calibrate=calibrate or len(labels.Y) <= (ALWAYS_CALIBRATED_WORDS if project.is_multi else ALWAYS_CALIBRATED),
        calibrate_on=unseen,
    )
    _heads[material.project.pk] = (key, head)
    return head


def head_of(project_id: int) -> Head | None:
    """The head that this process fitted last for the project; None before the first."""
    known = _heads.get(project_id)
    return known[1] if known else None


def _teaching_kinds(labels: Labelled) -> int:
    return labels.only(labels.may_teach).kinds


def _cold_order_stands(project: Project, pool_size: int) -> bool:
    """Whether the medoids are in the queue already and the pool has not grown: one label changes nothing for them."""
    cold = Ranking.objects.filter(project=project, model_key="", pool_size=pool_size).exists()
    waiting = QueueEntry.objects.filter(project=project, stream=QueueEntry.Stream.ACTIVE).exclude(
        document__annotations__superseded_at=None, document__annotations__isnull=False
    )
    return cold and waiting.count() >= ACTIVE_HEAD // 4


def _note(project_id: int, token: uuid.UUID, n_labels: int) -> None:
    rows = LoopState.objects.filter(project_id=project_id, refresh_claim=token)
    rows.update(refreshed_at=timezone.now(), refresh_labels=n_labels)


def _streams(material: _Refit) -> tuple[Rows, Rows]:
    """Rows of the pool that may be asked: the candidates of the strategies, and the next of the audit reserve."""
    ids, draw = draws(material.project.pk)
    threshold = reserve_below(material.project, len(ids))
    answers = Annotation.objects.filter(project=material.project, superseded_at=None)
    closed = _closed(material.project, answers)
    active, _ = material.pool.rows_of(ids[(draw >= threshold) & ~np.isin(ids, closed)])
    # A file's labels may cover any part of the pool: the audit asks for those texts all the same.
    closed = _closed(material.project, answers.exclude(source=Source.IMPORT))
    reserve = (draw < threshold) & ~np.isin(ids, closed)
    by_draw = ids[reserve][np.argsort(draw[reserve], kind="stable")]
    audit, _ = material.pool.rows_of(by_draw)
    return active, audit[:AUDIT_HEAD]


def _closed(project: Project, answers: QuerySet[Annotation]) -> Ids:
    """Ids of texts that have all answers wanted, or that everybody who labels has answered or skipped."""
    people = Membership.objects.filter(project=project, role__in=[Role.MANAGER, Role.ANNOTATOR]).count()
    counts = (
        answers.order_by()
        .values("document_id")
        .annotate(given=Count("id"), labelled=Count("id", filter=Q(status=Annotation.Status.LABELLED)))
        .values_list("document_id", "given", "labelled")
    )
    table = np.array(list(counts), np.int64).reshape(-1, 3)
    closed: Ids = table[(table[:, 2] >= project.overlap) | (table[:, 1] >= max(people, 1)), 0]
    return closed


def _active_entries(
    material: _Refit, candidates: Rows, proba: Proba | None, thresholds: NDArray[np.float32] | None
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
        label_X=names_of(material.project, material.reader.store_folder),
        thresholds=thresholds,
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


def _audit_entries(material: _Refit, rows: Rows, proba: Proba | None) -> list[QueueEntry]:
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
    material: _Refit,
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
        model_key="" if proba is None else _model_key(material),
        prediction=None if proba is None or learnt else prediction(proba[row], material.labels.label_ids),
        probability=probability,
    )


def prediction(proba: NDArray[np.float32], label_ids: list[int]) -> dict[str, float]:
    """{"<label id>": probability} of all labels, or of the likeliest five when there are many. (C,) -> dict."""
    columns = np.argsort(-proba, kind="stable")
    if len(label_ids) > WHOLE_PREDICTION:
        columns = columns[:TOP_LABELS]
    return {str(label_ids[c]): round(float(proba[c]), 4) for c in columns}


def _model_key(material: _Refit) -> str:
    return f"quick-{material.reader.key}-{len(material.rows)}"[:80]


def _write(material: _Refit, token: uuid.UUID, entries: list[QueueEntry], *, has_model: bool) -> None:
    """The whole new order at once, unless somebody else holds the claim by now. Raises Superseded."""
    project, now = material.project, timezone.now()
    base = material.reader.base
    name = "groups of similar texts, before there is a model"
    if has_model:
        name = f"the quick model over fine-tuned model {base.number}" if base else "the quick model"
    facts = {
        "model_key": _model_key(material) if has_model else "",
        "model_name": name,
        "labels_seen": len(material.rows),
        "pool_size": len(material.pool.ids),
        "ranked_at": now,
    }
    with transaction.atomic():
        _hold(material, token)
        QueueEntry.objects.filter(project=project).delete()
        QueueEntry.objects.bulk_create(entries)
        Ranking.objects.update_or_create(project=project, defaults=facts)


def _hold(material: _Refit, token: uuid.UUID) -> None:
    """Lock the claim until the transaction ends, so that what it writes is nobody else's turn. Raises Superseded."""
    loop = LoopState.objects.filter(project=material.project, refresh_claim=token)
    if not loop.update(refreshed_at=timezone.now(), refresh_labels=len(material.rows)):
        raise Superseded(f"The refit of project {material.project.pk} was taken over.")


def _is_milestone(reader: Reader, project: Project, n_labels: int) -> bool:
    """Whether labels have grown enough since the last quick model over the same encoder."""
    newest = newest_quick_version(project.pk, base=reader.base, encoder=reader.encoder)
    return is_milestone(n_labels, labels_at_last_version=newest.n_labels if newest else 0)


def _store_version(material: _Refit, token: uuid.UUID, head: Head) -> ModelVersion:
    """A point of the curve. Raises Superseded."""
    project, reader, fitted = material.project, material.reader, material.fitted
    made = Made(
        project=project,
        kind=ModelVersion.Kind.QUICK,
        head=head,
        labels=material.labels,
        audit=score_audit(
            material.views[material.rows[fitted]],
            material.labels.only(fitted),
            pool=material.others,
            multi_label=project.is_multi,
            tuned=reader.base is not None,
            seed=project.seed,
        ),
        base=reader.base,
        encoder=reader.encoder,
        encoder_sha256=EmbeddingStore(reader.store_folder).sha256,
        seed=project.seed,
        duration_s=time.perf_counter() - material.started,
        settings={"strategy": project.strategy, "fitted_on": len(fitted)},
    )
    with transaction.atomic():
        _hold(material, token)
        return store(made, artifacts.fresh_work_folder(project.pk, uuid.uuid4()))

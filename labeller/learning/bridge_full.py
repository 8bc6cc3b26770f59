"""A full run: fine-tune the pretrained encoder on the labels, read the pool anew with it, fit and score a head, and
promote the result unless the audit speaks against it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from labeller.annotation.models import Annotation
from labeller.learning import artifacts, services
from labeller.learning.bridge_embed import embed_into, missing
from labeller.learning.bridge_later import compare_on_later_labels
from labeller.learning.bridge_pool import (
    Labelled,
    PoolArrays,
    labelled,
    pool_arrays,
    pretrained_folder,
    reader_of,
    texts_of,
)
from labeller.learning.bridge_versions import AuditScore, Made, score_audit, store
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.learning.runs import Heartbeat
from modelsvc.encoder import Encoder
from modelsvc.evaluate import paired_worse
from modelsvc.finetune import FineTuneConfig, FineTuned, fine_tune
from modelsvc.quick import fit_head
from modelsvc.store import EmbeddingStore
from modelsvc.types import Embeddings, Progress

TUNING_ENDS, READING_ENDS = 0.5, 0.95  # where the stages end on the bar
TEXTS_PER_SECOND = 250  # a guess for the time left until reading has begun and is measured
ENOUGH_TO_COMPARE = 10  # audit labels below which no comparison is worth making
WORSE = 0.1  # one-sided McNemar mid-p below which the new model counts as worse
LOG_POINTS = 60


class TooFewLabels(Exception):
    """Nothing to learn from yet; the sentence says what is missing."""


@dataclass(frozen=True)
class _Snapshot:
    """The labels as they were when the run began."""

    labels: Labelled
    annotation_ids: list[int]

    @property
    def teaching(self) -> Labelled:
        """The texts that may tune the encoder: all but the audit texts and those the audit may still draw."""
        return self.labels.only(self.labels.may_teach)


def full_run(run: TrainingRun, beat: Heartbeat) -> None:
    started = time.perf_counter()
    beat.tell("loading the labels", 0.0)
    folder = artifacts.fresh_work_folder(run.project_id, run.key)
    snapshot = _snapshot(run, folder)
    tuned = _tune(run, snapshot, beat)
    tuning_s = time.perf_counter() - started
    tuned.encoder.save(folder / "encoder")
    pool = _read_pool(run, tuned.encoder, folder, beat)
    reading_s = time.perf_counter() - started - tuning_s
    beat.tell("fitting and scoring the head", READING_ENDS)
    made, sentence, better = _evaluate(run, snapshot, pool, tuned)
    seconds = {"fine_tuning_s": round(tuning_s, 1), "reading_s": round(reading_s, 1)}
    log = [*_thin(tuned.log), {"stages": seconds}, {"promotion": sentence}]
    beat.check()
    _finish(run, beat, folder, made(time.perf_counter() - started, seconds | {"promotion": sentence}), log, better)


def _snapshot(run: TrainingRun, folder: Path) -> _Snapshot:
    """Freeze the labels and write down which annotations they were."""
    current = Annotation.objects.filter(
        project=run.project, superseded_at=None, status=Annotation.Status.LABELLED
    ).order_by("id")
    snapshot = _Snapshot(labelled(run.project), list(current.values_list("id", flat=True)))
    kinds = snapshot.teaching.kinds
    if kinds < 2:
        raise TooFewLabels(
            f"A full run needs texts of at least two kinds besides the audit texts; there are {kinds}. Label more."
        )
    # It may have waited while labels came: the next run is due from what this one learns from, not from its request.
    TrainingRun.objects.filter(pk=run.pk).update(labels_at_start=len(snapshot.labels.Y))
    artifacts.write_json(
        folder / "snapshot.json",
        {"annotation_ids": snapshot.annotation_ids, "document_ids": snapshot.labels.document_ids.tolist()},
    )
    return snapshot


def _tune(run: TrainingRun, snapshot: _Snapshot, beat: Heartbeat) -> FineTuned:
    teaching = snapshot.teaching
    pool_size = run.project.documents.count()

    def on_progress(progress: Progress) -> None:
        left = None if progress.seconds_left is None else progress.seconds_left + pool_size / TEXTS_PER_SECOND
        beat.tell(f"learning from {len(teaching.Y):,} texts", progress.done * TUNING_ENDS, left)

    return fine_tune(
        pretrained_folder(run.project.encoder),
        texts_of(teaching.document_ids),
        teaching.Y,
        multi_label=run.project.is_multi,
        config=FineTuneConfig(seed=run.project.seed),
        threads=settings.TRAINING_THREADS,
        on_progress=on_progress,
    )


def _read_pool(run: TrainingRun, encoder: Encoder, folder: Path, beat: Heartbeat) -> PoolArrays:
    """Every text of the pool through the tuned encoder."""
    own = EmbeddingStore(folder / "embeddings", sha256=encoder.sha256, width=encoder.width)

    def tell(stage: str, done: float, left: float | None) -> None:
        beat.tell(f"reading {stage}", TUNING_ENDS + done * (READING_ENDS - TUNING_ENDS), left)

    for _ in embed_into(own, encoder, missing(run.project_id, own), tell):
        pass
    ids, X = own.load()
    order = np.argsort(ids)
    return PoolArrays(ids[order], X[order])


def _evaluate(
    run: TrainingRun, snapshot: _Snapshot, pool: PoolArrays, tuned: FineTuned
) -> tuple[Callable[[float, dict[str, Any]], Made], str, bool]:
    """The head on all labels, its audit, and whether it may serve: (how to make the version, why, promoted)."""
    rows, found = pool.rows_of(snapshot.labels.document_ids)
    labels, X = snapshot.labels.only(found), pool.X[rows]
    multi, seed = run.project.is_multi, run.project.seed
    head = fit_head(X, labels.Y, multi_label=multi, seed=seed, calibrate_on=labels.is_audit)
    audit = score_audit(X, labels, multi_label=multi, tuned=True, seed=seed)
    if run.project.audit or len(audit.document_ids) >= ENOUGH_TO_COMPARE:
        sentence, better = _compare(*_on_common_ground(run, labels, X, audit))
    else:  # its manager has a test file
        sentence, better = compare_on_later_labels(run.project, snapshot.labels, head, pool)

    def made(duration_s: float, facts: dict[str, Any]) -> Made:
        return Made(
            project=run.project,
            kind=ModelVersion.Kind.FULL,
            head=head,
            labels=labels,
            audit=audit,
            base=None,
            encoder=run.project.encoder,
            encoder_sha256=tuned.encoder.sha256,
            seed=run.project.seed,
            duration_s=duration_s,
            settings={"steps": len(tuned.log), "taught": len(snapshot.teaching.Y)} | facts,
            run=run,
            promoted_at=timezone.now() if better else None,
        )

    return made, sentence, better


def _on_common_ground(
    run: TrainingRun, labels: Labelled, X: Embeddings, audit: AuditScore
) -> tuple[AuditScore, AuditScore]:
    """(the new model, the one that serves now), each scored on the labelled texts that both have read.

    `X` (n, D) and `audit` are the new model's, on all labelled texts.
    """
    reader = reader_of(run.project)
    pool = pool_arrays(reader.store_folder)
    rows, found = pool.rows_of(labels.document_ids)
    both, multi, seed = labels.only(found), run.project.is_multi, run.project.seed
    old = score_audit(pool.X[rows], both, multi_label=multi, tuned=reader.base is not None, seed=seed)
    new = audit if found.all() else score_audit(X[found], both, multi_label=multi, tuned=True, seed=seed)
    return new, old


def _compare(new: AuditScore, old: AuditScore) -> tuple[str, bool]:
    """(The decision in words, whether to promote). Promoted on evidence that does not speak against it; without
    evidence the model before stays: an encoder tuned on a dozen texts is as often worse as better."""
    n = len(new.document_ids)
    if n < ENOUGH_TO_COMPARE:
        return (
            f"Not promoted yet: {n} audit labels that both it and the model before have read are too few to compare"
            f" them; {ENOUGH_TO_COMPARE} are needed. It comes again as labels grow.",
            False,
        )
    right, before = int(new.correct.sum()), int(old.correct.sum())
    p = paired_worse(new.correct, old.correct)
    counts = f"{right} of {n} audit texts right, {before} before (p of being worse {p:.2f})"
    if p < WORSE:
        return f"Not promoted: {counts}. The model before goes on serving; more labels usually mend this.", False
    return f"Promoted: {counts}.", True


def _finish(
    run: TrainingRun, beat: Heartbeat, folder: Path, made: Made, log: list[dict[str, Any]], promoted: bool
) -> None:
    """Version, promotion and the run's end in one transaction; files are in place before the rows that name them."""
    project, reading = run.project, folder.with_name(f"{run.key}-embeddings")
    shutil.rmtree(reading, ignore_errors=True)
    (folder / "embeddings").rename(reading)  # a version keeps its encoder; its store lies with the others
    with transaction.atomic():
        version = store(made, folder)
        if promoted:
            place = artifacts.embeddings_folder(project.pk, str(version.number))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(place, ignore_errors=True)
            reading.rename(place)
        if promoted:
            LoopState.objects.update_or_create(project=project, defaults={"serving": version})
        reason = "" if promoted else made.settings["promotion"]
        beat.finish(stage="", log=log, reason=reason)
        services.request_refresh(project_id=project.pk)
    shutil.rmtree(reading, ignore_errors=True)
    if promoted:
        _forget_old_embeddings(version)
        if len(missing(project.pk, EmbeddingStore(reader_of(project).store_folder))):
            services.start_embedding(project=project)  # texts that were imported while this run read the pool


def _forget_old_embeddings(version: ModelVersion) -> None:
    """Keep the stores of this version and the one before it: a refit may be reading that at this moment."""
    served = ModelVersion.objects.filter(
        project_id=version.project_id, kind=ModelVersion.Kind.FULL, promoted_at__isnull=False
    ).order_by("-number")
    for number in served.values_list("number", flat=True)[2:]:
        shutil.rmtree(artifacts.embeddings_folder(version.project_id, str(number)), ignore_errors=True)


def _thin(log: list[dict[str, float]]) -> list[dict[str, Any]]:
    """The steps as at most 60 points, each the mean loss of its stretch."""
    if not log:
        return []
    parts = np.array_split(np.arange(len(log)), min(LOG_POINTS, len(log)))
    return [
        {
            "step": int(log[part[-1]]["step"]),
            "loss": round(float(np.mean([log[at]["loss"] for at in part])), 4),
            "rate": float(log[part[-1]]["rate"]),
            "seconds": round(float(log[part[-1]]["seconds"]), 2),
        }
        for part in parts
    ]

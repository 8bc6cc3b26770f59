"""A full run: the recipe on the labels of this moment and the unlabelled pool, each of its stages put into service
unless the audit, or until it can the labels at hand, speak against it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from django.conf import settings

from labeller.annotation.audit import reserve_below
from labeller.learning import artifacts, services
from labeller.learning.bridges.deciding import audit_decides
from labeller.learning.bridges.frozen import AsItCame
from labeller.learning.bridges.names import label_texts, names_teach
from labeller.learning.bridges.order import Moment, asked_next, soon_read
from labeller.learning.bridges.pool import Ids, draws, labelled, pretrained_folder, texts_by_id, those_of
from labeller.learning.bridges.recipe import RECIPE
from labeller.learning.bridges.stages import FIRST, LAST, Snapshot, Stages
from labeller.learning.bridges.words import words_of
from labeller.learning.losses import LossLog, thinned
from labeller.learning.models import ModelVersion, TrainingRun
from labeller.learning.runs import Heartbeat
from labeller.projects.models import Project
from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run import recipe
from modelsvc.full_run.halves_facts import facts_among
from modelsvc.full_run.recipe_switches import recipe_with
from modelsvc.types import Progress

LEAST_CANDIDATES = 1_000  # unlabelled texts, however long they are


class TooFewLabels(Exception):
    """Nothing to learn from yet; the sentence says what is missing."""


def full_run(run: TrainingRun, beat: Heartbeat) -> None:
    """Goes on behind the stages that an earlier attempt has kept, when a process died between them."""
    kept = {str(version.settings.get("stage")): version for version in run.versions.order_by("number")}
    beat.tell("loading the labels", 0.0)
    snapshot = _snapshot(run)
    # A run that goes on behind its first stage goes on by the switches of that one, whatever is set by now.
    switches = kept[FIRST].settings.get(RECIPE, {}) if FIRST in kept else settings.RECIPE
    teaching, others = snapshot.teaching, unlabelled(run.project, snapshot, switches)
    stages = Stages(run, beat, snapshot, others, switches)
    stages.take_over(list(kept.values()))
    losses = LossLog(run, beat)
    if LAST in kept:
        _finish(run, beat, stages, losses, "")
        return
    first = kept.get(FIRST)
    found = texts_by_id(np.concatenate([teaching.document_ids, others]))
    encoder, texts = pretrained_folder(run.project.encoder), those_of(teaching.document_ids, found)
    store = artifacts.embeddings_folder(run.project_id, run.project.encoder)
    with losses.kept_on_failure():
        made = recipe.train(
            encoder,
            texts,
            teaching.Y,
            multi_label=run.project.is_multi,
            pool_texts=those_of(others, found),
            config=recipe_with(switches),
            threads=settings.TRAINING_THREADS,
            seed=run.project.seed,
            first=_encoder_of(first) if first else None,
            first_facts=facts_among(first.settings) if first else None,
            ask_labels="then" if audit_decides(run.project, snapshot.labels) else "first",
            label_texts=snapshot.label_texts,
            words=words_of(run.project, texts),
            known=AsItCame(encoder, store, found, settings.TRAINING_THREADS),
            on_progress=_teller(stages, _labels_in_words(snapshot), losses),
            on_stage=stages,
        )
    share = str(made[-1].facts.get("pool", "")) if made[-1].name == FIRST else ""
    stages.end(share)
    _finish(run, beat, stages, losses, share)


def _encoder_of(version: ModelVersion) -> Encoder:
    return Encoder.load(artifacts.absolute(version.folder) / "encoder", threads=settings.TRAINING_THREADS)


def _snapshot(run: TrainingRun) -> Snapshot:
    """Freeze labels and queue, and know which annotations they were."""
    labels = labelled(run.project)
    queue = asked_next(run.project_id)
    moment = Moment(frozenset(labels.annotation_ids), *draws(run.project_id), queue)
    names = label_texts(run.project, labels.label_ids) if names_teach(run.project) else []
    snapshot = Snapshot(labels, moment, names)
    kinds = snapshot.teaching.kinds
    if kinds < 2:
        raise TooFewLabels(
            f"A full run needs texts of at least two kinds besides the audit texts; there are {kinds}. Label more."
        )
    # It may have waited while labels came: the next run is due from what this one learns from, not from its request.
    TrainingRun.objects.filter(pk=run.pk).update(labels_at_start=len(snapshot.labels.Y))
    return snapshot


def unlabelled(project: Project, snapshot: Snapshot, switches: dict[str, Any]) -> Ids:
    """Texts of which the recipe may learn without labels: none of the audit's reserve, so that its figures stay those
    of texts no encoder has learnt from. A random sample of a large pool, by the texts' own draws; a smaller one where
    texts are long: each round reads them all, and few of them become pseudo-labels."""
    ids, draw = snapshot.moment.ids, snapshot.moment.draw
    free = (draw >= reserve_below(project, len(ids))) & ~np.isin(ids, snapshot.labels.document_ids)
    by_draw: Ids = ids[free][np.argsort(draw[free], kind="stable")]
    most = max(LEAST_CANDIDATES, min(recipe_with(switches).candidates, soon_read(ids, draw)))
    return by_draw[:most]


def _labels_in_words(snapshot: Snapshot) -> str:
    taught = len(snapshot.teaching.Y)
    kept = len(snapshot.labels.Y) - taught
    return f"{taught:,} labels" + (f", {kept:,} kept for the audit" if kept else "")


def _teller(stages: Stages, labels: str, losses: LossLog) -> Callable[[Progress], None]:
    """Progress in the page's words."""

    def tell(progress: Progress) -> None:
        stages.tell(f"{progress.stage} ({labels})", progress.done)
        if progress.loss is not None:
            losses.note(progress.stage, progress.loss, time.perf_counter() - stages.started)

    return tell


def _finish(run: TrainingRun, beat: Heartbeat, stages: Stages, losses: LossLog, share: str) -> None:
    promotion = " ".join(stages.sentences)
    log = [*thinned(losses.entries), {"promotion": promotion}, *([{"pool": share}] if share else [])]
    beat.finish(stage="", log=log, reason="" if stages.promoted else stages.sentences[-1])
    services.request_refresh(project_id=run.project_id)

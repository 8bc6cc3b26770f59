"""The stages of a full run, one after the other: read the pool with each new encoder, judge it, put it into service."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from labeller.learning import artifacts, services
from labeller.learning.bridges.embed import Tell, embed_into, missing
from labeller.learning.bridges.names import unread_names, write_names
from labeller.learning.bridges.order import Moment, read_first
from labeller.learning.bridges.outlook import keep_outlook
from labeller.learning.bridges.pool import Ids, Labelled, PoolArrays
from labeller.learning.bridges.promotion import Judged, judge
from labeller.learning.bridges.reading import read_off, write_reading
from labeller.learning.bridges.recipe import RECIPE
from labeller.learning.bridges.versions import Made, store
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.learning.pace import Pace
from labeller.learning.runs import Heartbeat
from labeller.learning.set_apart import SET_APART
from labeller.projects.models import Project
from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run.recipe import Stage
from modelsvc.heads.name_store import NamesRead
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Embeddings

FIRST, LAST = "labels", "pool"  # the recipe's names of its stages
FITTED_ON = "fitted_on"  # in a version's settings: how many labelled texts the head learnt from
LABEL_TEXTS = "label_texts"  # in a version's settings: what the recipe read of each label
COMPARING = "comparing with the model that serves"


@dataclass(frozen=True)
class Snapshot:
    """The labels, and what else there was, when the run began."""

    labels: Labelled
    moment: Moment
    label_texts: Sequence[Sequence[str]] = ()  # what each label is called, where that teaches

    @property
    def teaching(self) -> Labelled:
        """The texts that may tune the encoder: all but the audit texts and those the audit may still draw."""
        return self.labels.only(self.labels.may_teach)


@dataclass(frozen=True)
class _Candidate:
    """A stage whose encoder has read the pool, in a work folder."""

    stage: Stage
    folder: Path
    pool: PoolArrays
    facts: dict[str, Any]


@dataclass
class Stages:
    """Takes the recipe's stages as they come. After a run that learnt from the pool, a model of the labels alone would
    mostly be a step back, to be undone by the stage that follows it: it is held, and serves if nothing follows."""

    run: TrainingRun
    beat: Heartbeat
    snapshot: Snapshot
    unlabelled: Ids  # in the order of the recipe's pool_texts
    switches: dict[str, Any] = field(default_factory=dict)  # of the recipe, those that differ from the default
    started: float = field(default_factory=time.perf_counter)
    pace: Pace = field(default_factory=Pace)
    held: _Candidate | None = None
    sentences: list[str] = field(default_factory=list)
    promoted: bool = False
    told: float = 0.0  # how far the bar is, 0..1

    def __call__(self, stage: Stage) -> Embeddings | None:
        """The pool's embeddings by this stage's encoder, for the next stage. Raises Superseded, CancelRequested."""
        candidate = self._read(stage)
        if stage.name == FIRST and _serving_stage(self.run.project_id) == LAST:
            self.held = candidate
        else:
            self._put(candidate)
        rows, found = candidate.pool.rows_of(self.unlabelled)
        return candidate.pool.X[rows] if found.all() else None

    def tell(self, what: str, done: float) -> None:
        """`done` is 0..1 of the whole run. Raises Superseded, CancelRequested."""
        self.told = done
        self.beat.tell(what, done, self.pace.seconds_left(done))

    def take_over(self, kept: list[ModelVersion]) -> None:
        """Stages that an earlier attempt at this run has kept."""
        self.sentences += [str(version.settings.get("promotion", "")) for version in kept]
        self.promoted = any(version.promoted_at for version in kept)

    def end(self, note: str) -> None:
        """No stage follows. `note` says what became of the pool's share, empty when it was used."""
        if self.held is not None and note:
            self._put(self.held)
        elif self.held is not None:
            shutil.rmtree(self.held.folder, ignore_errors=True)
        self.held = None

    def _read(self, stage: Stage) -> _Candidate:
        begun = time.perf_counter()
        folder = artifacts.fresh_work_folder(self.run.project_id, f"{self.run.key}-{stage.name}")
        stage.encoder.save(folder / "encoder")
        begins, ends = stage.reading

        def tell(what: str, done: float, left: float | None) -> None:
            self.tell(f"reading {what}", begins + done * (ends - begins))

        pool = read_pool(self.run.project, stage.encoder, folder, self.snapshot, self.unlabelled, tell)
        reading_s = time.perf_counter() - begun
        facts = {"fine_tuning_s": round(stage.seconds, 1), "reading_s": round(reading_s, 1), "stage": stage.name}
        if self.snapshot.label_texts:
            facts[LABEL_TEXTS] = [list(texts) for texts in self.snapshot.label_texts]
        facts |= stage.encoder.conditions() | ({RECIPE: self.switches} if self.switches else {})
        return _Candidate(stage, folder, pool, dict(stage.facts) | facts | {"why": stage.reason})

    def _put(self, candidate: _Candidate) -> None:
        """Version and promotion in one transaction; files are in place before the rows that name them."""
        project = self.run.project
        facts = candidate.stage.facts
        judged = judge(project, self.snapshot.labels, candidate.pool, facts, lambda: self.tell(COMPARING, self.told))
        said = read_off(
            project, candidate.pool.ids, judged.pool_proba, judged.head, judged.labels, judged.audit.unseen, tuned=True
        )
        reading = candidate.folder.with_name(f"{candidate.folder.name}-embeddings")
        shutil.rmtree(reading, ignore_errors=True)
        (candidate.folder / "embeddings").rename(reading)  # a version keeps its encoder; stores lie with the others
        with transaction.atomic():
            self.beat.check()  # still ours, and still wanted
            loop = LoopState.objects.select_for_update().get_or_create(project=project)[0]
            judged, before = _as_the_loop_is(judged, loop), loop.serving
            made = self._made(candidate, judged)
            version = store(made, candidate.folder)
            keep_outlook(version, write_reading(version, said), made)
            services.start_test(project=project)
            if judged.promoted:
                place = artifacts.embeddings_folder(project.pk, str(version.number))
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(place, ignore_errors=True)
                reading.rename(place)
                LoopState.objects.update_or_create(project=project, defaults={"serving": version})
                if len(missing(project.pk, EmbeddingStore(place))):
                    services.start_embedding(project=project)  # the rest; a later stage may only change with what
            elif judged.gives_way:
                LoopState.objects.filter(pk=loop.pk).update(serving=None)
                services.start_embedding(project=project)  # texts that came while a tuned encoder served
            services.request_refresh(project_id=project.pk)
        shutil.rmtree(reading, ignore_errors=True)
        self.sentences.append(judged.sentence)
        self.promoted |= judged.promoted
        if judged.promoted:
            _forget_old_embeddings(version, before)

    def _made(self, candidate: _Candidate, judged: Judged) -> Made:
        run = self.run
        record = {"taught": len(self.snapshot.teaching.Y), "promotion": judged.sentence, SET_APART: run.project.audit}
        record |= {FITTED_ON: judged.fitted_on}
        return Made(
            project=run.project,
            kind=ModelVersion.Kind.FULL,
            head=judged.head,
            labels=judged.labels,
            audit=judged.audit,
            base=None,
            encoder=run.project.encoder,
            encoder_sha256=candidate.stage.encoder.sha256,
            seed=run.project.seed,
            duration_s=time.perf_counter() - self.started,
            settings=record | candidate.facts,
            looked_at=self.snapshot.moment.ids,
            queue=self.snapshot.moment.queue.tolist(),
            names=judged.names,
            run=run,
            promoted_at=timezone.now() if judged.promoted else None,
        )


def _silent(stage: str, done: float, left: float | None) -> None:
    """Nobody waits for it."""


def read_pool(
    project: Project, encoder: Encoder, folder: Path, snapshot: Snapshot, candidates: Ids, tell: Tell = _silent
) -> PoolArrays:
    """The pool through a tuned encoder, into `folder`/embeddings; of a large one what is needed first. In an order that
    follows from the snapshot: in bfloat16 a text's embedding depends a little on the texts read beside it."""
    own = EmbeddingStore(folder / "embeddings", sha256=encoder.sha256, width=encoder.width)
    wanted = read_first(project, snapshot.labels.document_ids, candidates, snapshot.moment)
    if names := unread_names(project, own.folder):
        write_names(own.folder, names, encoder.encode(names, on_progress=lambda told: tell(told.stage, 0.0, None)))
    for _ in embed_into(own, encoder, own.missing(wanted), tell):
        pass
    ids, X = own.load()
    order = np.argsort(ids)
    return PoolArrays(ids[order], X[order], NamesRead.load(own.folder))


def _serving_stage(project_id: int) -> str:
    """Which stage of its run the serving model is; empty when none is tuned."""
    loop = LoopState.objects.select_related("serving").filter(project_id=project_id).first()
    return str(loop.serving.settings.get("stage", "")) if loop and loop.serving else ""


def _as_the_loop_is(judged: Judged, loop: LoopState) -> Judged:
    """What a manager has chosen outweighs any comparison: a pin, or another model that is to serve. What was found of a
    new one is told all the same."""
    if loop.pinned and judged.promoted:
        found = judged.sentence.removeprefix("Promoted: ")
        return replace(judged, promoted=False, sentence=f"Not promoted: {loop.serving} is pinned. It would be: {found}")
    gone = judged.gives_way
    if gone is None or loop.pinned or loop.returning_id is not None or loop.serving_id != gone.version_id:
        return replace(judged, gives_way=None)
    return replace(judged, sentence=f"{judged.sentence} {gone.sentence}")


def _forget_old_embeddings(version: ModelVersion, before: ModelVersion | None) -> None:
    """Keep the stores of this version, of the one that served before it, which a refit may be reading at this moment,
    and of one that is to serve again."""
    loop = Q(pk__in=LoopState.objects.filter(project=version.project_id, returning__isnull=False).values("returning"))
    kept = Q(pk=version.pk) | Q(pk=before.pk if before else None) | loop
    served = ModelVersion.objects.filter(project_id=version.project_id, kind=ModelVersion.Kind.FULL).exclude(kept)
    for number in served.filter(promoted_at__isnull=False).values_list("number", flat=True):
        shutil.rmtree(artifacts.embeddings_folder(version.project_id, str(number)), ignore_errors=True)

"""A stored model made again from its record: the same answers, settings and seed, compared on the labelled texts.

What is compared first are the frozen predictions: what heads that had not seen an audit text said of it. They are
computed anew, not read. Then the stored head with the new one, where its files are there, on all texts that taught it:
it may have been scored on none.
"""

from __future__ import annotations

import shutil
import time
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from labeller.annotation.selectors import labels_by
from labeller.learning import artifacts
from labeller.learning.bridges.export import encoder_folder
from labeller.learning.bridges.frozen import AsItCame
from labeller.learning.bridges.full import unlabelled as unlabelled_texts
from labeller.learning.bridges.kept_names import kept
from labeller.learning.bridges.order import Moment
from labeller.learning.bridges.pool import (
    Ids,
    PoolArrays,
    draws,
    labelled,
    pool_arrays,
    pretrained_folder,
    texts_by_id,
    texts_of,
    those_of,
)
from labeller.learning.bridges.recipe import RECIPE
from labeller.learning.bridges.sample import FITTED_TEXTS, sample
from labeller.learning.bridges.stages import FIRST, FITTED_ON, LABEL_TEXTS, Snapshot, read_pool
from labeller.learning.bridges.versions import (
    NAMES,
    POOL_SHARE,
    VOCABULARY,
    AuditScore,
    load_head,
    score_audit,
    sureness_of,
)
from labeller.learning.bridges.words import beside
from labeller.learning.id_ranges import unpack
from labeller.learning.models import AuditPrediction, ModelVersion, VersionSnapshot
from modelsvc.encoding.encoder import WAY_OF_TRAINING, Encoder
from modelsvc.full_run import recipe
from modelsvc.full_run.halves_facts import FACTS, facts_among, sureness_in
from modelsvc.full_run.recipe import Stage
from modelsvc.full_run.recipe_switches import recipe_with
from modelsvc.heads.either import fit
from modelsvc.heads.prototypes import Prototypes
from modelsvc.heads.quick import predict_proba
from modelsvc.heads.sureness import NOTHING_KNOWN, Sureness
from modelsvc.stores.store import EmbeddingStore
from modelsvc.stores.words import Vocabulary, Words
from modelsvc.types import Embeddings, Head, Proba, Views


class NotReproducible(Exception):
    """Something that the model was made of is not there any more. The sentence says what."""


@dataclass(frozen=True)
class Reproduced:
    """A model made again against the stored one."""

    model: int
    kind: str
    texts: int  # audit texts compared
    largest_difference: float  # of a frozen probability; these are kept with five digits
    answers_changed: int
    labelled: int  # texts that the head has learnt from
    head_difference: float | None  # of a probability of the head itself on those; None: its file is gone
    same_encoder: bool  # to the last bit
    embeddings: str  # "stored", or "read anew"
    otherwise: str  # in what this machine differs from the one it was made on, where that is known; or empty
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def reproduce(version: ModelVersion) -> Reproduced:
    """Train it again and compare. Minutes for a full model. Raises NotReproducible, and modelsvc's errors."""
    started = time.perf_counter()
    record = _record(version)
    work = artifacts.fresh_work_folder(version.project_id, uuid.uuid4())
    try:
        if version.kind == ModelVersion.Kind.FULL:
            pool, sha256 = _tuned_again(version, record, work)
            read = "read anew"
        else:
            pool, sha256, read = _as_it_was_read(version, record)
        audit, head, views = _scored_again(version, record, pool)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    difference, changed, texts = _against_frozen(version, audit)
    return Reproduced(
        model=version.number,
        kind=version.kind,
        texts=texts,
        largest_difference=difference,
        answers_changed=changed,
        labelled=len(views),
        head_difference=_against_head(version, head, views),
        same_encoder=sha256 == version.encoder_sha256,
        embeddings=read,
        otherwise="" if read == "stored" else _otherwise(version),
        seconds=round(time.perf_counter() - started, 1),
    )


def _threads(version: ModelVersion) -> int:
    """As many as tuned the encoder, whatever the setting is now; 0, torch's own choice, where that was not kept."""
    tuned = version.base or version
    return int(tuned.settings.get("threads") or settings.TRAINING_THREADS)


def _otherwise(version: ModelVersion) -> str:
    made = (version.base or version).settings
    if "precision" in made:  # tuned, and maybe before ways of training were told apart
        made = {WAY_OF_TRAINING: 1} | made
    now = Encoder.load(pretrained_folder(version.encoder), threads=_threads(version)).conditions()
    differ = [
        f"{key} {made[key]}, now {now[key]}"
        for key in ("precision", "torch", WAY_OF_TRAINING)
        if made.get(key, now[key]) != now[key]
    ]
    return f"It was made with {'; '.join(differ)}." if differ else ""


def _record(version: ModelVersion) -> Snapshot:
    """The answers and texts of its moment, with labels in the order of its head."""
    kept = VersionSnapshot.objects.filter(version=version).first()
    if kept is None:
        raise NotReproducible(f"{version} was made before the answers a model learnt from were kept.")
    answers = unpack(kept.annotations)
    ids = np.array(unpack(kept.texts), np.int64)
    known, draw = draws(version.project_id)
    if not np.isin(ids, known).all():
        raise NotReproducible("Texts that it could look at have been deleted since.")
    queue = np.array(unpack(kept.queue), np.int64)
    moment = Moment(frozenset(answers), ids, draw[np.isin(known, ids)], queue)  # both ascending
    rows = list(labels_by(version.project, answers, version.label_ids))
    labels = labelled(version.project, rows, (moment.ids, moment.draw) if len(ids) else None, retired=True)
    column = {label: at for at, label in enumerate(labels.label_ids)}
    if not column.keys() >= set(version.label_ids):
        raise NotReproducible("A label that it knew has been deleted since.")
    return Snapshot(labels.with_labels([column[label] for label in version.label_ids]), moment)


def _as_it_was_read(version: ModelVersion, record: Snapshot) -> tuple[PoolArrays, str, str]:
    """Embeddings by the encoder of a quick model: (those stored, else read anew; whose they are; which it was)."""
    wanted: Ids = np.union1d(record.labels.document_ids, record.moment.ids)
    reader = str(version.base.number) if version.base else version.encoder
    folder = artifacts.embeddings_folder(version.project_id, reader)
    if folder.is_dir():
        store, pool = EmbeddingStore(folder), pool_arrays(folder)
        rows, found = pool.rows_of(wanted)
        if found.all() and store.sha256 == version.encoder_sha256:
            return PoolArrays(pool.ids[rows], pool.X[rows]), store.sha256, "stored"
    if version.base is not None and version.base.deleted_at:
        raise NotReproducible(f"The files of {version.base}, whose encoder it reads, were deleted.")
    encoder = Encoder.load(encoder_folder(version), threads=_threads(version))
    half = encoder.encode(texts_of(wanted)).astype(np.float16)  # as a store keeps them
    return PoolArrays(wanted, half.astype(np.float32)), encoder.sha256, "read anew"


def _tuned_again(version: ModelVersion, record: Snapshot, work: Path) -> tuple[PoolArrays, str]:
    """The pool as read by the encoder of the same recipe, and that encoder's SHA-256."""
    project, teaching = version.project, record.teaching
    switches = version.settings.get(RECIPE, {})
    others, config = unlabelled_texts(project, record, switches), recipe_with(switches)
    wanted = version.settings.get("stage", FIRST)

    def on_stage(stage: Stage) -> Embeddings | None:
        if stage.name == wanted:
            return None
        pool = read_pool(project, stage.encoder, work / "first", record, others)
        rows, found = pool.rows_of(others)
        return pool.X[rows] if found.all() else None

    facts, encoder = facts_among(version.settings), pretrained_folder(version.encoder)
    found = texts_by_id(np.concatenate([teaching.document_ids, others]))
    store = artifacts.embeddings_folder(project.pk, version.encoder)
    stages = recipe.train(
        encoder,
        those_of(teaching.document_ids, found),
        teaching.Y,
        multi_label=project.is_multi,
        pool_texts=those_of(others, found),
        config=replace(config, use_pool=config.use_pool and wanted != FIRST),
        threads=_threads(version),
        seed=version.seed,
        label_texts=version.settings.get(LABEL_TEXTS, ()),
        known=AsItCame(encoder, store, found, _threads(version)),
        first_facts=facts,
        ask_labels="then" if FACTS[0] in facts else "never",  # known; and they did not end the run
        on_stage=on_stage,
    )
    if stages[-1].name != wanted:
        raise NotReproducible(f"The recipe ended otherwise this time. {stages[-1].facts.get('pool', '')}")
    tuned = stages[-1].encoder
    return read_pool(project, tuned, work / "last", record, others), tuned.sha256


def _scored_again(version: ModelVersion, record: Snapshot, pool: PoolArrays) -> tuple[AuditScore, Head, Views]:
    """The audit's score, the head, and the texts that taught it as it sees them."""
    multi, seed = version.project.is_multi, version.seed
    tuned = version.kind == ModelVersion.Kind.FULL or version.base is not None
    views = Views(pool.X, _words(version, pool.ids) if multi else None)
    rows, found = pool.rows_of(record.labels.document_ids)
    labels = record.labels.only(found)
    others = beside(views, rows, seed=seed)
    if POOL_SHARE not in version.settings and not multi:
        others = others[np.zeros(0, np.int64)]  # made before unlabelled texts had a share in such heads
    if version.kind == ModelVersion.Kind.QUICK or FITTED_ON in version.settings:
        fitted = sample(labels, size=FITTED_TEXTS, seed=seed)
        rows, labels = rows[fitted], labels.only(fitted)
    names = _names(version)
    told = sureness_in((version.base or version).settings)
    audit = score_audit(
        views[rows], labels, pool=others, multi_label=multi, tuned=tuned, seed=seed, names=names, untold=told
    )
    unseen = labels.is_audit if tuned else None
    head = fit(
        views[rows],
        labels.Y,
        multi_label=multi,
        pool=others,
        seed=seed,
        calibrate_on=unseen,
        names=names,
        untold=_as_made(version),
    )
    return audit, head, views[rows]


def _as_made(version: ModelVersion) -> Sureness:
    """How sure it may be where the audit could not tell: found when the encoder was tuned."""
    if version.kind == ModelVersion.Kind.FULL:
        return sureness_in(version.settings)
    return sureness_of(version.base) if version.base else NOTHING_KNOWN


def _names(version: ModelVersion) -> Prototypes | None:
    """What its labels were called then, as its encoder read it; None where that could not teach it."""
    digest = str(version.settings.get(NAMES, ""))
    names = kept(version.project_id, digest) if digest else None
    if digest and names is None:
        raise NotReproducible("What its labels were called is not there any more.")
    return names


def _words(version: ModelVersion, ids: Ids) -> Words:
    path = artifacts.absolute(version.folder) / VOCABULARY
    if version.deleted_at or not path.is_file():
        raise NotReproducible("Its vocabulary went with its files.")
    return Words.of(Vocabulary.from_dict(artifacts.read_json(path)), texts_of(ids))


def _against_frozen(version: ModelVersion, audit: AuditScore) -> tuple[float, int, int]:
    """(Largest difference of a probability, answers that differ, texts compared). Raises NotReproducible when the
    audit texts are not the same."""
    frozen = {
        document: (proba, set(predicted))
        for document, proba, predicted in AuditPrediction.objects.filter(version=version).values_list(
            "document_id", "probabilities", "predicted"
        )
    }
    if set(frozen) != set(audit.document_ids.tolist()):
        raise NotReproducible(
            f"It was scored on {len(frozen)} audit texts, and now {len(audit.document_ids)} are found."
        )
    if not frozen:
        return 0.0, 0, 0
    before: Proba = np.array([frozen[one][0] for one in audit.document_ids.tolist()], np.float32)
    ids = np.array(version.label_ids)
    said = [set(ids[row > 0].tolist()) for row in audit.predicted]
    changed = sum(frozen[one][1] != now for one, now in zip(audit.document_ids.tolist(), said, strict=True))
    return float(np.abs(before - audit.proba).max()), changed, len(frozen)


def _against_head(version: ModelVersion, head: Head, views: Views) -> float | None:
    if version.deleted_at or not len(views):
        return None
    return float(np.abs(predict_proba(load_head(version), views) - predict_proba(head, views)).max())

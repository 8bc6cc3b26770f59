"""A model and its audit, stored for good: files first, under another name; then renamed; then the row naming them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_noop
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from labeller.learning import artifacts
from labeller.learning.bridges.kept_names import keep
from labeller.learning.bridges.pool import Ids, Labelled
from labeller.learning.id_ranges import pack
from labeller.learning.models import AuditPrediction, ModelVersion, TrainingRun, VersionSnapshot
from labeller.projects.models import Project
from modelsvc.evaluation.evaluate import audit_report
from modelsvc.evaluation.reliability import of_answers
from modelsvc.full_run.halves_facts import sureness_in
from modelsvc.heads.either import cross_fit
from modelsvc.heads.prototypes import Prototypes
from modelsvc.heads.sureness import NOTHING_KNOWN, Sureness
from modelsvc.stores.words import Vocabulary, WordWeights
from modelsvc.types import Head, Look, Proba, Targets, Views, unwatched

CROSS_FITTED = gettext_noop("Cross-fitted: each audit text is scored by a head that has not seen it.")
VOCABULARY = "vocabulary.json"
POOL_SHARE = "pool_share"  # among the settings of each version made since unlabelled texts have one
NAMES = "label_names"  # in a version's settings: where the names are kept that could teach it
NOT_SCORED = gettext_noop("Not scored: no audit text was labelled yet.")


@dataclass(frozen=True)
class Unseen:
    """What heads said of m labelled texts that they had not seen."""

    document_ids: NDArray[np.int64]  # (m,), ascending
    proba: Proba  # (m, C)
    predicted: Targets  # (m, C)

    @classmethod
    def none(cls, C: int = 0) -> Unseen:
        empty = np.empty((0, C))
        return cls(np.empty(0, np.int64), empty.astype(np.float32), empty.astype(np.uint8))


@dataclass(frozen=True)
class AuditScore:
    """What a model said of the a audit texts it had not learnt from."""

    document_ids: NDArray[np.int64]  # (a,)
    proba: Proba  # (a, C)
    predicted: Targets  # (a, C)
    gold: Targets  # (a, C)
    metrics: dict[str, Any]
    how: str
    # The audit texts, and the other labelled ones where the encoder has not seen their labels either.
    unseen: Unseen = field(default_factory=Unseen.none)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(a,) whether the whole answer is right."""
        right: NDArray[np.bool_] = (self.predicted == self.gold).all(axis=1)
        return right


@dataclass(frozen=True)
class Made:
    """A model that is ready to be stored."""

    project: Project
    kind: ModelVersion.Kind
    head: Head
    labels: Labelled
    audit: AuditScore
    base: ModelVersion | None
    encoder: str
    encoder_sha256: str
    seed: int
    duration_s: float
    settings: dict[str, Any]
    looked_at: Ids  # texts that it could look at without their labels
    run: TrainingRun | None = None
    promoted_at: datetime | None = None
    names: Prototypes | None = None  # of its labels, whether they taught it or not
    queue: Sequence[int] = ()  # texts that were asked for next when its run began; a full run may read them first


def score_audit(
    texts: Views,
    labels: Labelled,
    *,
    pool: Views,
    multi_label: bool,
    tuned: bool,
    seed: int,
    names: Prototypes | None = None,
    untold: Sureness = NOTHING_KNOWN,
    look: Look = unwatched,
) -> AuditScore:
    """The honest figures of a head on the n labelled texts, of which only the audit rows count; `pool` are texts
    without labels, `names` what the labels are called.

    `tuned`: the encoder was fine-tuned on labels of these texts, the audit texts excepted. So only they calibrate, and
    `untold` stands where they are too few.
    `look` is called all along and may raise to stop.
    """
    audit = labels.is_audit
    if not audit.any() or labels.kinds < 2:
        none = Unseen.none(labels.Y.shape[1])
        return AuditScore(none.document_ids, none.proba, none.predicted, none.predicted, {}, NOT_SCORED, none)
    calibrate_on = audit if tuned else None
    proba, predicted = cross_fit(
        texts,
        labels.Y,
        pool=pool,
        multi_label=multi_label,
        seed=seed,
        calibrate_on=calibrate_on,
        names=names,
        untold=untold,
        look=look,
    )
    gold = labels.Y[audit]
    metrics = audit_report(gold, predicted[audit], multi_label=multi_label, seed=seed).to_dict()
    metrics["reliability"] = reliability_of(as_frozen(proba[audit]), predicted[audit], gold, multi_label, seed)
    rows = audit if tuned else np.ones(len(audit), bool)
    unseen = Unseen(labels.document_ids[rows], proba[rows], predicted[rows])
    ids = labels.document_ids[audit]
    return AuditScore(ids, proba[audit], predicted[audit], gold, metrics, CROSS_FITTED, unseen)


def store(made: Made, folder: Path) -> ModelVersion:
    """Give the model in `folder` (a work folder, into which the head is written) its number, its place and its rows.

    Two processes that make a version of one project at once get two numbers. Call it inside a transaction when its
    rows must stand or fall with others; the renamed folder of a row that was rolled back merely keeps its number.
    """
    save_head(made.head, folder)
    artifacts.write_json(folder / "meta.json", _meta(made))
    for _ in range(10):
        number = _next_number(made.project.pk)
        place = artifacts.version_folder(made.project.pk, number)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.rename(folder, place)
        except OSError:  # another process has just taken this number
            continue
        try:
            with transaction.atomic():
                return _write_rows(made, number, place)
        except IntegrityError:
            os.rename(place, folder)
    raise RuntimeError(f"No free number for a model of project {made.project.pk} after 10 attempts.")


def reliability_of(
    frozen: list[list[float]], said: Targets, gold: Targets, multi_label: bool, seed: int
) -> dict[str, Any] | None:
    """How honest the kept probabilities are, as a dict; None where there is nothing to count."""
    found = of_answers(np.array(frozen, np.float64), said, gold, multi_label=multi_label, seed=seed)
    return found.to_dict() if found else None


def as_frozen(proba: Proba) -> list[list[float]]:
    """Probabilities (a, C) as they are kept. Figures are made from these, so that they follow to the last digit."""
    return [[round(float(p), 5) for p in row] for row in proba]


def save_head(head: Head, folder: Path) -> None:
    """head.safetensors, and vocabulary.json where the head reads words. Of these only the words that add something
    have rows: most of a pool's words are in no labelled text."""
    arrays: dict[str, NDArray[Any]] = {"weights": head.weights, "bias": head.bias, "thresholds": head.thresholds}
    if head.words is not None:
        used = np.flatnonzero(head.words.weights.any(axis=1))
        arrays |= {"word_rows": used.astype(np.int32), "word_weights": head.words.weights[used]}
        artifacts.write_json(folder / VOCABULARY, head.words.vocabulary.to_dict())
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(contiguous, folder / "head.safetensors", metadata={"axes": "weights (D, C), word_weights (words, C)"})


def load_head(version: ModelVersion) -> Head:
    """The head as it was stored. Those from before words were read have none."""
    folder = artifacts.absolute(version.folder)
    arrays, meta = load_file(folder / "head.safetensors"), artifacts.read_json(folder / "meta.json")
    words = None
    if "word_weights" in arrays:
        vocabulary = Vocabulary.from_dict(artifacts.read_json(folder / VOCABULARY))
        weights = np.zeros((len(vocabulary), len(arrays["bias"])), np.float32)
        weights[arrays["word_rows"]] = arrays["word_weights"]
        words = WordWeights(vocabulary, weights, float(meta["embedding_share"]))
    return Head(
        arrays["weights"],
        arrays["bias"],
        bool(meta["multi_label"]),
        float(meta["temperature"]),
        arrays["thresholds"],
        words,
        float(meta.get("pool_share", 0.0)),
        float(meta.get("pool_scale", 1.0)),
        bool(meta.get("named", False)),
    )


def sureness_of(tuned: ModelVersion) -> Sureness:
    """How sure later heads over this version's encoder may be where too few audit texts can tell: as its own was; with
    several labels a text, whose scales are in the weights, as its run found. Never for a figure: its own may have asked
    the texts that are counted."""
    if tuned.project.is_multi:
        return sureness_in(tuned.settings)
    return Sureness(float(artifacts.read_json(artifacts.absolute(tuned.folder) / "meta.json")["temperature"]))


def _next_number(project_id: int) -> int:
    newest = ModelVersion.objects.filter(project_id=project_id).aggregate(Max("number"))["number__max"] or 0
    return max(newest, artifacts.highest_version_folder(project_id)) + 1


def _write_rows(made: Made, number: int, place: Path) -> ModelVersion:
    version = ModelVersion.objects.create(
        project=made.project,
        number=number,
        kind=made.kind,
        run=made.run,
        base=made.base,
        encoder=made.encoder,
        encoder_sha256=made.encoder_sha256,
        folder=artifacts.relative(place),
        label_ids=made.labels.label_ids,
        n_labels=len(made.labels.document_ids),
        n_audit=len(made.audit.document_ids),
        metrics=made.audit.metrics,
        scored_how=made.audit.how,
        settings=_settings(made),
        seed=made.seed,
        duration_s=made.duration_s,
        promoted_at=made.promoted_at,
    )
    VersionSnapshot.objects.create(
        version=version,
        annotations=pack(made.labels.annotation_ids),
        texts=pack(made.looked_at.tolist()),
        queue=pack(made.queue),
    )
    ids = np.array(made.labels.label_ids)
    frozen = as_frozen(made.audit.proba)
    AuditPrediction.objects.bulk_create(
        AuditPrediction(
            version=version,
            document_id=int(document_id),
            probabilities=frozen[at],
            predicted=ids[made.audit.predicted[at] > 0].tolist(),
            gold=ids[made.audit.gold[at] > 0].tolist(),
        )
        for at, document_id in enumerate(made.audit.document_ids)
    )
    return version


def _settings(made: Made) -> dict[str, Any]:
    head: dict[str, Any] = {"head": in_words(made.head), POOL_SHARE: made.head.pool_share}
    if made.names is not None:
        head[NAMES] = keep(made.project.pk, made.names)
    return head | made.settings | {"label_counts": made.labels.counts}


def in_words(head: Head) -> str:
    """What kind of head it is."""
    if head.words is None:
        fitted = "logistic regression, L2" + (", of texts and label names" if head.named else "")
        if not head.pool_share:
            return fitted
        of_the_sum = head.pool_share / (1 + head.pool_share)
        return f"{fitted}, and labels spread over the pool, {of_the_sum:.0%} of the sum"
    return f"logistic regressions, L2: {head.words.share:.0%} by the embedding, the rest by the words of the text"


def _meta(made: Made) -> dict[str, Any]:
    return {
        "project": made.project.name,
        "kind": made.kind.value,
        "labels": made.labels.label_names,
        "label_ids": made.labels.label_ids,
        "multi_label": made.head.multi_label,
        "temperature": made.head.temperature,
        "embedding_share": made.head.words.share if made.head.words else 1.0,
        "pool_share": made.head.pool_share,
        "pool_scale": made.head.pool_scale,
        "named": made.head.named,
        "n_labels": len(made.labels.document_ids),
        "n_audit": len(made.audit.document_ids),
        "scored_how": made.audit.how,
        "metrics": made.audit.metrics,
        "encoder": made.encoder,
        "encoder_sha256": made.encoder_sha256,
        "base": made.base.number if made.base else None,
        "seed": made.seed,
        "duration_s": round(made.duration_s, 2),
        "settings": _settings(made),
        "numpy": np.__version__,
    }

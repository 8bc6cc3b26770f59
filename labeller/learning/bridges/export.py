"""A version as a zip that runs without this tool, checked in a fresh process before anybody is offered it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from labeller.annotation.audit_sample import AuditSample
from labeller.learning import artifacts
from labeller.learning.bridges.pool import draws, pretrained_folder, texts_of
from labeller.learning.bridges.versions import load_head
from labeller.learning.bridges.words import views_for
from labeller.learning.models import ModelExport, ModelVersion, PoolReading
from labeller.learning.runs import Heartbeat
from labeller.learning.testscores import TestScore
from labeller.projects.models import Label
from modelsvc.encoding.encoder import Encoder
from modelsvc.export.bundle import CheckResult, verify_bundle, write_bundle, zip_bundle
from modelsvc.full_run.halves_facts import PSEUDO, TEMPERATURE
from modelsvc.heads.left_out import LEAST_ROWS
from modelsvc.heads.quick import predict_proba

CHECKED_TEXTS = 20
MOSTLY_OLDER = (
    "{sample.newer} texts came into the pool later and are too few among them: figures of the audit texts alone are of "
    "mostly older texts, and those that lean on the pool stand on the {sample.texts} that are a fair sample of all."
)


class ExportCheckFailed(Exception):
    """The zip does not answer as the model here does, so it is not offered."""


def build(export: ModelExport, beat: Heartbeat) -> None:
    """Build the zip, check it, and only then name it in the row."""
    version = export.version
    folder = artifacts.fresh_work_folder(version.project_id, export.key)
    try:
        zip_path = folder / "model.zip"
        check = bundle(version, folder / "bundle", zip_path)
        beat.check()
        place = artifacts.export_path(version.project_id, export.key)
        place.parent.mkdir(parents=True, exist_ok=True)
        zip_path.replace(place)
        with transaction.atomic():
            beat.finish(path=artifacts.relative(place), size=place.stat().st_size, check_result=check)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bundle(version: ModelVersion, folder: Path, zip_path: Path) -> dict[str, Any]:
    """Write and zip the version's bundle and compare its answers on 20 texts of the pool.

    Returns the check as a dict. Raises ExportCheckFailed when a probability differs, BundleError, EncoderError.
    """
    encoder = Encoder.load(encoder_folder(version), threads=settings.TRAINING_THREADS)
    head = load_head(version)
    names: list[str] = artifacts.read_json(artifacts.absolute(version.folder) / "meta.json")["labels"]
    write_bundle(
        folder,
        encoder=encoder,
        head=head,
        label_names=names,
        project_name=version.project.name,
        card=_card(version),
    )
    zip_bundle(folder, zip_path)
    texts = _some_texts(version)
    expected = predict_proba(head, views_for(head, encoder.encode(texts, precision="full"), texts))
    result: CheckResult = verify_bundle(zip_path, texts, expected)
    if not result.ok:
        raise ExportCheckFailed(result.message)
    return {"texts": result.texts, "largest_difference": result.largest_difference, "message": result.message}


def encoder_folder(version: ModelVersion) -> Path:
    """The encoder this version's head reads: its own, that of the full version below it, or the pretrained one."""
    if version.kind == ModelVersion.Kind.FULL:
        return artifacts.absolute(version.folder) / "encoder"
    if version.base is not None:
        return artifacts.absolute(version.base.folder) / "encoder"
    return pretrained_folder(version.encoder)


def _some_texts(version: ModelVersion) -> Sequence[str]:
    ids, draw = draws(version.project_id)
    chosen = ids[np.argsort(draw)[:CHECKED_TEXTS]]
    return texts_of(chosen)


def _leaning(version: ModelVersion) -> dict[str, Any]:
    """The figures that lean on the pool, as the pages lead with them."""
    reading = PoolReading.objects.filter(version=version).first()
    if reading is None:
        return {}
    found = {"accuracy": reading.tightened, "macro_f1": reading.tightened_f1, "labels": reading.tightened_labels}
    return {name: figure for name, figure in found.items() if figure}


def _how(version: ModelVersion) -> str:
    reading = PoolReading.objects.filter(version=version).first()
    sample = AuditSample.read(reading.audit_sample) if reading else None
    if sample is None:
        return version.scored_how
    return f"{version.scored_how} {MOSTLY_OLDER.format(sample=sample)}".strip()


def _test_file(version: ModelVersion) -> dict[str, Any]:
    score = TestScore.objects.select_related("test_set").filter(version=version).order_by("-id").first()
    if score is None:
        return {}
    return {"name": score.test_set.name, "n": score.n_texts, "metrics": score.metrics}


def calibrated_on(version: ModelVersion) -> str:
    """Which texts made its probabilities honest, as the card names them. A tuned encoder has learnt from all labelled
    texts but those of the audit; what halves of the labels told of it is of labelled ones again."""
    tuned = version if version.kind == ModelVersion.Kind.FULL else version.base
    if tuned is None:
        return "labelled"
    if version.n_audit >= LEAST_ROWS:
        return "audit"
    if PSEUDO in tuned.settings:
        return "pool"
    return "labelled" if TEMPERATURE in tuned.settings else "nothing"


def _card(version: ModelVersion) -> dict[str, Any]:
    """What the model card says, from the version's own row; a description only of labels that still exist."""
    described = Label.everything.filter(pk__in=version.label_ids).exclude(description="")
    return {
        "number": version.number,
        "audit": version.metrics,
        "leaning": _leaning(version),
        "test_file": _test_file(version),
        "scored_how": _how(version),
        "n_labels": version.n_labels,
        "encoder": version.encoder,
        "seed": version.seed,
        "created": version.created_at.date().isoformat(),
        "head": version.settings.get("head", ""),
        "calibrated_on": calibrated_on(version),
        "label_counts": version.settings.get("label_counts", {}),
        "descriptions": dict(described.values_list("name", "description")),
    }

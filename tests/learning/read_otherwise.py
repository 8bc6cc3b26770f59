"""Encoders in the place of tuned ones, and a run that takes them as its stages: no training, the rest is real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from labeller.corpus.models import Document
from labeller.learning import runs, services
from labeller.learning.bridges.full import _snapshot
from labeller.learning.bridges.pool import pool_arrays, reader_of
from labeller.learning.bridges.stages import Stages
from labeller.projects.models import Project
from modelsvc.full_run.recipe import Stage
from modelsvc.types import Embeddings


def noise_like(X: Embeddings) -> Embeddings:
    noise = np.random.default_rng(0).normal(size=X.shape).astype(np.float32)
    return np.asarray(noise / np.linalg.norm(noise, axis=1, keepdims=True), np.float32)


class Same:
    """A tuned encoder that reads as the plain one does."""

    sha256, width = "c" * 64, 384

    def __init__(self, project: Project) -> None:
        plain = pool_arrays(reader_of(project).store_folder)
        texts = Document.objects.in_bulk(plain.ids.tolist())
        self.known = {texts[id_].text: x for id_, x in zip(plain.ids.tolist(), plain.X, strict=True)}
        assert plain.names is not None
        self.known |= dict(zip(plain.names.texts, plain.names.X, strict=True))

    def conditions(self) -> dict[str, object]:
        return {}

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)

    def encode(self, texts: Sequence[str], **_: object) -> Embeddings:
        return np.stack([self.known[text] for text in texts])


class Noise:
    """An encoder that hears nothing in a text."""

    sha256, width = "d" * 64, 384

    def conditions(self) -> dict[str, object]:
        return {}

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)

    def encode(self, texts: Sequence[str], **_: object) -> Embeddings:
        return noise_like(np.zeros((len(texts), self.width), np.float32))


def go_through(project: Project, facts: Mapping[str, float | str] | None = None, **encoders: Same | Noise) -> Stages:
    """A full run of which these are the stages, by their names, to its end. `facts` are those of each."""
    run = services.start_full(project=project, enqueue=False)
    token = runs.claim(run)
    assert token
    with runs.Heartbeat(run, token) as beat:
        stages = Stages(run, beat, _snapshot(run), np.zeros(0, np.int64))
        for name, encoder in encoders.items():
            stages(Stage(name, encoder, 1.0, "for a test", dict(facts or {})))  # type: ignore[arg-type]
        beat.finish(stage="")
    return stages

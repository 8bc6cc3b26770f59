"""An encoder while it learns: a copy of its own, seeded draws, cheap dropout, told between the layers; then at rest."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from modelsvc.encoding.encoder import Encoder
from modelsvc.encoding.looked_at import told_between_layers
from modelsvc.encoding.packed import is_packable, learning
from modelsvc.encoding.weights_digest import model_sha256
from modelsvc.tuning.dropout import CheapDropout, cheap_dropout
from modelsvc.types import Look, OnProgress, Progress


@dataclass(frozen=True)
class Tuned:
    """A tuned encoder, what happened at each step (step, loss, rate, seconds), and how long it took in all."""

    encoder: Encoder
    log: list[dict[str, float]]
    seconds: float


@dataclass(frozen=True)
class InTraining:
    """An encoder whose weights may be changed."""

    encoder: Encoder
    half: bool  # whether to read in bfloat16
    dropout: CheapDropout
    on_progress: OnProgress  # whom to tell: a large encoder tells what was told last between its layers too


def own_copy(source: Path | Encoder, *, threads: int = 0) -> Encoder:
    """An encoder to train: read from a folder, or copied so that the caller's stays as it is."""
    if not isinstance(source, Encoder):
        return Encoder.load(source, threads=threads)
    if threads:
        torch.set_num_threads(threads)
    return replace(source, model=copy.deepcopy(source.model), threads=threads or source.threads)


@contextmanager
def in_training(encoder: Encoder, stage: str, *, seed: int, on_progress: OnProgress) -> Iterator[InTraining]:
    """Within it the encoder learns, from draws that follow from the seed and from nothing the process drew before.
    Behind it the encoder reads again, and has its new digest."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        with told_between_layers(encoder.model, stage, on_progress) as (told, look):
            half = encoder.gains_by_bf16()  # before dropout changes the way of attention: reading is what is timed
            with cheap_dropout(encoder.model, seed) as dropout, _packing(encoder, look):
                yield InTraining(encoder, half, dropout, told)
    encoder.model.eval()
    encoder.model.requires_grad_(True)
    encoder.sha256 = model_sha256(encoder.model, look=lambda: on_progress(Progress(stage, 1.0)))


@contextmanager
def _packing(encoder: Encoder, look: Look) -> Iterator[None]:
    """Within it the encoder passes its layers without padding, where that can be."""

    def passing(batch: dict[str, Tensor]) -> Tensor:
        return learning(encoder.model)(batch["input_ids"], batch["attention_mask"], look)

    encoder.passing = passing if is_packable(encoder.model) else None
    try:
        yield
    finally:
        encoder.passing = None

"""The full model: fine-tune a pretrained encoder on the labels there are, from the pretrained weights each time.

Never from the last round's weights: that overfits the labels which came first. The head starts from a logistic
regression on the frozen embeddings (LP-FT: Kumar et al. 2022, arXiv 2202.10054), so that the first steps do not tear
the encoder's features; lower layers learn more slowly (Howard & Ruder 2018, arXiv 1801.06146); the rate is a slanted
triangle. What a run is for is the encoder: the product fits `either.fit` on its embeddings afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from modelsvc.encoding.batching import endless_batches, sampling_weights
from modelsvc.encoding.concat import ConcatEncoder
from modelsvc.encoding.encoder import Encoder
from modelsvc.encoding.windows import cut, encode_whole, pooled
from modelsvc.heads.links import one_hot
from modelsvc.heads.logistic import fit_linear
from modelsvc.tuning.descent import Course, descend, learn_by_pieces
from modelsvc.tuning.finetune_config import FineTuneConfig, FineTuneError
from modelsvc.tuning.in_training import InTraining, Tuned, in_training, own_copy
from modelsvc.tuning.parameter_groups import Thaw, parameter_groups
from modelsvc.tuning.schedules import slanted_triangle, thawed_layers
from modelsvc.types import Head, OnProgress, Progress, Rows, Targets, silent

__all__ = ["FineTuneConfig", "FineTuneError", "FineTuned", "fine_tune"]

STAGE = "fine-tuning"
SoftTargets = NDArray[np.float32]  # (N, C), each in 0..1; rows sum to 1 where a text has one label


@dataclass(frozen=True)
class FineTuned(Tuned):
    """And the linear layer it was tuned with (not calibrated: the product fits its own)."""

    head: Head


def fine_tune(
    folder: Path | Encoder,
    texts: Sequence[str],
    Y: Targets | SoftTargets,
    *,
    multi_label: bool,
    config: FineTuneConfig | None = None,
    weights: NDArray[np.floating[Any]] | None = None,
    threads: int = 0,
    on_progress: OnProgress = silent,
) -> FineTuned:
    """Tune the pretrained encoder in `folder`, or a copy of the one given, on N texts and their labels Y (N, C).

    Y is multi-hot, or soft targets such as a teacher's probabilities. `weights` (N,) says how often a text is shown in
    an epoch (1 each). The same seed gives the same weights on the same machine with the same number of threads.
    `on_progress` is called before every step, and within it every second or so, and may raise to stop. Raises
    FineTuneError, and EncoderError for the folder.
    """
    _check(texts, Y, weights)
    config = config or FineTuneConfig()
    started = time.perf_counter()
    encoder = own_copy(folder, threads=threads)
    if config.concat:
        encoder = ConcatEncoder.of(encoder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = _first_head(encoder, texts, Y, multi_label, config, on_progress)
    with in_training(encoder, STAGE, seed=config.seed, on_progress=on_progress) as work:
        log = _train(work, head, texts, Y, multi_label, config, weights)
    as_arrays = Head(head.weight.detach().numpy().T.copy(), head.bias.detach().numpy().copy(), multi_label)
    return FineTuned(encoder, log, time.perf_counter() - started, as_arrays)


def _check(texts: Sequence[str], Y: Targets | SoftTargets, weights: NDArray[np.floating[Any]] | None) -> None:
    if not len(texts) or len(texts) != len(Y):
        raise FineTuneError(f"{len(texts)} texts came with {len(Y)} rows of labels; at least one, and one each.")
    if weights is None:
        return
    if len(weights) != len(texts):
        raise FineTuneError(f"{len(texts)} texts came with {len(weights)} weights; one each.")
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() <= 0:
        raise FineTuneError("Weights must be 0 or more, and some above 0.")


def _first_head(
    encoder: Encoder,
    texts: Sequence[str],
    Y: Targets | SoftTargets,
    multi_label: bool,
    config: FineTuneConfig,
    on_progress: OnProgress,
) -> nn.Linear:
    """The linear layer to begin with: a logistic regression on the embeddings as they are, soft targets made hard."""
    head = nn.Linear(encoder.width, Y.shape[1])  # D -> C
    if not config.head_start:
        return head
    read = encoder.encode if config.windows == 1 else partial(encode_whole, encoder)

    def look(_: Progress | None = None) -> None:
        on_progress(Progress(STAGE, 0.0))

    X = read(texts, on_progress=look)
    hard = (Y >= 0.5).astype(np.uint8) if multi_label else one_hot(Y.argmax(1), Y.shape[1])
    weights, bias = fit_linear(X, hard, multi_label=multi_label, look=look)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(np.array(weights.T)) * config.head_start)
        head.bias.copy_(torch.from_numpy(np.array(bias)) * config.head_start)
    return head


def _train(
    work: InTraining,
    head: nn.Linear,
    texts: Sequence[str],
    Y: Targets | SoftTargets,
    multi_label: bool,
    config: FineTuneConfig,
    weights: NDArray[np.floating[Any]] | None,
) -> list[dict[str, float]]:
    """Batches of texts as they are to be shown, each learnt from piece by piece."""
    encoder = work.encoder
    groups, thaw = parameter_groups(encoder.model, head, config), Thaw(encoder.model)
    targets = torch.from_numpy(Y.astype(np.float32))  # (N, C)
    windows, rng = cut(encoder, texts, whole=config.windows > 1), np.random.default_rng(config.seed)
    lengths = windows.lengths(config.windows)
    given = np.ones(len(Y)) if weights is None else np.asarray(weights, np.float64)
    shown, steps = sampling_weights(Y, given) if config.balance else given, config.steps(given.sum())
    batches = endless_batches(shown, size=config.batch, seed=config.seed, lengths=lengths)
    encoder.model.train(config.dropout)

    def learn(now: Progress) -> float:
        if config.unfreeze:
            thaw.top(thawed_layers(now.done, layers=len(thaw), over=config.unfreeze))
        rows = next(batches)

        def loss_of(piece: Rows) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16, enabled=work.half):
                features = pooled(encoder, windows, piece.tolist(), most=config.windows, rng=rng)  # (B, D)
            return _loss(head(features), targets[piece], multi_label, config.label_smoothing) / len(rows)

        return learn_by_pieces(rows, lengths, loss_of, lambda: work.on_progress(now))

    course = Course(
        STAGE,
        steps,
        lambda position: _rate(position, steps, config),
        lr=config.lr,
        clip=config.clip,
        max_seconds=config.max_seconds,
    )
    return descend(groups, course, learn, on_progress=work.on_progress, broken=FineTuneError)


def _rate(position: float, steps: int, config: FineTuneConfig) -> float:
    """The share of the peak rate at this step; while it rises, that at the step's end, so that none is without."""
    at = position + 1 / steps * (position < config.warmup)
    if config.schedule == "constant":
        return min(1.0, at / config.warmup) if config.warmup else 1.0
    return slanted_triangle(at, warmup=config.warmup)


def _loss(logits: Tensor, targets: Tensor, multi_label: bool, smoothing: float) -> Tensor:
    """Summed over (B, C) logits: cross-entropy, or binary cross-entropy of each label."""
    if multi_label:
        return nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
    return nn.functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum")

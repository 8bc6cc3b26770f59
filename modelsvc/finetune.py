"""The full model: fine-tune a pretrained encoder on the labels there are, from the pretrained weights each time.

Never from the last round's weights: that overfits the labels which came first. The head starts from a logistic
regression on the frozen embeddings (LP-FT: Kumar et al. 2022, arXiv 2202.10054), so that the first steps do not tear
the encoder's features; lower layers learn more slowly (Howard & Ruder 2018, arXiv 1801.06146); the rate is a slanted
triangle. What a run is for is the encoder: the product fits `quick.fit_head` on its embeddings afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from modelsvc.encoder import Encoder, model_sha256
from modelsvc.quick import fit_head
from modelsvc.schedules import layer_rates, slanted_triangle, total_steps
from modelsvc.types import OnProgress, Progress, Rows, Targets, silent


class FineTuneError(Exception):
    """Labels that cannot be learnt from: none, or not one row a text."""


@dataclass(frozen=True)
class FineTuneConfig:
    lr: float = 3e-4  # peak, top layer; 1e-3 lost 5 to 9 points on TREC-6
    head_lr: float = 3e-3  # peak, linear layer
    head_start: float = (
        0.1  # of the probe's weights: a sharp head already fits its texts and leaves the encoder no slope
    )
    layer_decay: float = 0.8  # rate of a layer over that of the one above it; 1.0 lost 8 points
    warmup: float = 0.1  # share of the steps
    batch: int = 16
    weight_decay: float = 0.01  # on matrices, not on biases and norms
    clip: float = 1.0  # largest norm of the gradient
    label_smoothing: float = 0.05  # single label only
    epochs: float | None = None  # None = by the number of labels, see schedules.total_steps
    max_seconds: float | None = None  # the schedule ends by then; a run cut so is no longer the same on another machine
    seed: int = 0
    freeze_embeddings: bool = True  # the table of word vectors: half the weights, and 100 texts touch few of its rows
    balance: bool = True  # show rare labels more often when the counts are skewed

    def steps(self, labels: int) -> int:
        """Optimiser steps for this many labelled texts."""
        if self.epochs is None:
            return total_steps(labels, batch=self.batch)
        return max(1, round(self.epochs * labels / self.batch))


@dataclass(frozen=True)
class FineTuned:
    """A tuned encoder, what happened at each step (step, loss, rate, seconds), and how long it took in all."""

    encoder: Encoder
    log: list[dict[str, float]]
    seconds: float


def fine_tune(
    folder: Path,
    texts: Sequence[str],
    Y: Targets,
    *,
    multi_label: bool,
    config: FineTuneConfig | None = None,
    threads: int = 0,
    on_progress: OnProgress = silent,
) -> FineTuned:
    """Tune the pretrained encoder in `folder` on N texts and their labels Y (N, C).

    The same seed gives the same weights on the same machine with the same number of threads. `on_progress` is called
    before every step and may raise to stop. Raises FineTuneError, and EncoderError for the folder.
    """
    if not len(texts) or len(texts) != len(Y):
        raise FineTuneError(f"{len(texts)} texts came with {len(Y)} rows of labels; at least one, and one each.")
    config = config or FineTuneConfig()
    started = time.perf_counter()
    encoder = Encoder.load(folder, threads=threads)
    half = encoder.gains_by_bf16()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = _probe(encoder, texts, Y, multi_label, config)
        log = _train(encoder, head, texts, Y, multi_label, config, half, on_progress)
    encoder.model.eval()
    encoder.model.requires_grad_(True)
    encoder.sha256 = model_sha256(encoder.model)
    return FineTuned(encoder, log, time.perf_counter() - started)


def _probe(encoder: Encoder, texts: Sequence[str], Y: Targets, multi_label: bool, config: FineTuneConfig) -> nn.Linear:
    """The linear layer to begin with: a logistic regression on the embeddings as they are."""
    fitted = fit_head(encoder.encode(texts), Y, multi_label=multi_label, seed=config.seed)
    head = nn.Linear(*fitted.weights.shape)  # D -> C
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(np.array(fitted.weights.T)) * config.head_start)
        head.bias.copy_(torch.from_numpy(np.array(fitted.bias)) * config.head_start)
    return head


def _train(
    encoder: Encoder,
    head: nn.Linear,
    texts: Sequence[str],
    Y: Targets,
    multi_label: bool,
    config: FineTuneConfig,
    half: bool,
    on_progress: OnProgress,
) -> list[dict[str, float]]:
    """The loop: take a batch, forward, backward, step; tell the caller; stop when the schedule is at its end."""
    groups = parameter_groups(encoder.model, head, config)
    trained: list[Tensor] = [parameter for group in groups for parameter in group["params"]]
    optimizer = torch.optim.AdamW(groups)
    targets = torch.from_numpy(Y.astype(np.float32))  # (N, C)
    tokens, steps = encoder.tokenize(texts), config.steps(len(texts))
    batches = _batches(sampling_weights(Y) if config.balance else np.ones(len(Y)), config)
    log: list[dict[str, float]] = []
    encoder.model.train()
    started = time.perf_counter()
    for step in range(steps):
        # where we are: by steps, or by the clock where that is nearer its end
        seconds = time.perf_counter() - started
        position = max(step / steps, seconds / config.max_seconds if config.max_seconds else 0.0)
        loss_before = log[-1]["loss"] if log else None
        left = seconds / position * (1 - position) if step else None
        on_progress(Progress("fine-tuning", min(position, 1.0), left, loss_before))
        if position >= 1:
            break
        # learn from one batch
        share = slanted_triangle(position + 1 / steps * (position < config.warmup), warmup=config.warmup)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * share
        rows = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            features = encoder.pooled(encoder.pad(tokens, rows.tolist()))  # (B, D)
        loss = _loss(head(features), targets[rows], multi_label, config.label_smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained, config.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        log.append({"step": step, "loss": loss.item(), "rate": config.lr * share, "seconds": seconds})
    return log


def _loss(logits: Tensor, targets: Tensor, multi_label: bool, smoothing: float) -> Tensor:
    """Of (B, C) logits: cross-entropy, or binary cross-entropy summed over the labels."""
    if multi_label:
        return nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(1).mean()
    return nn.functional.cross_entropy(logits, targets, label_smoothing=smoothing)


def parameter_groups(model: Any, head: nn.Linear, config: FineTuneConfig) -> list[dict[str, Any]]:
    """AdamW's groups, each with its `peak` rate: the head, then layer by layer with decay; matrices apart from biases
    and norms, which are not decayed. What lies outside the layers moves as slowly as the lowest one."""
    layers = transformer_layers(model)
    rates = layer_rates(len(layers), peak=config.lr, decay=config.layer_decay)
    rate_of = {id(p): rate for layer, rate in zip(layers, rates, strict=True) for p in layer.parameters()}
    if config.freeze_embeddings:
        model.get_input_embeddings().requires_grad_(False)
    members: dict[tuple[float, float], list[nn.Parameter]] = {}
    for module, rate in ((head, config.head_lr), (model, None)):
        for parameter in module.parameters():
            if parameter.requires_grad:
                decay = config.weight_decay if parameter.ndim > 1 else 0.0
                peak = rate if rate is not None else rate_of.get(id(parameter), rates[0])
                members.setdefault((peak, decay), []).append(parameter)
    return [{"params": found, "peak": peak, "lr": peak, "weight_decay": d} for (peak, d), found in members.items()]


def transformer_layers(model: Any) -> list[nn.Module]:
    """The model's layers, lowest first: its longest list of modules, whatever this architecture calls it."""
    lists = [list(module) for module in model.modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        raise FineTuneError(f"{type(model).__name__} has no list of layers to tune.")
    return max(lists, key=len)


def sampling_weights(Y: Targets) -> NDArray[np.float64]:
    """How often to show each text (N,), averaging 1: as often as any other, unless the labels are skewed.

    Where the most frequent kind has over three times the texts of the rarest, a text counts by the inverse square root
    of its rarest label's count. "No label" is a kind too, so that a multi-label encoder does not learn to say never.
    """
    kinds = np.column_stack([Y, Y.sum(1) == 0]).astype(np.float64)  # (N, C + 1)
    counts = kinds.sum(0)
    present = counts > 0
    if counts.max() <= 3 * counts[present].min():
        return np.ones(len(Y))
    by_kind = np.where(present, 1 / np.sqrt(np.maximum(counts, 1)), 0.0)
    weights: NDArray[np.float64] = (kinds * by_kind).max(1)
    weights *= len(Y) / weights.sum()
    return weights


def epoch_order(weights: NDArray[np.float64], rng: np.random.Generator) -> Rows:
    """Positions in random order, each the whole part of its weight times, and once more by the odds of the rest."""
    copies = np.floor(weights + rng.random(len(weights))).astype(np.int64)
    order: Rows = rng.permutation(np.repeat(np.arange(len(weights)), copies)).astype(np.int64)
    return order


def _batches(weights: NDArray[np.float64], config: FineTuneConfig) -> Iterator[Rows]:
    """Batches without end; an epoch's rest runs on into the next, so that every batch is full."""
    rng = np.random.default_rng(config.seed)
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < config.batch:
            waiting = np.concatenate([waiting, epoch_order(weights, rng)])
        yield waiting[: config.batch]
        waiting = waiting[config.batch :]

"""The contrastive stage: texts of one kind move together, texts of two kinds apart, until a plain head tells them.

SetFit's idea (Tunstall et al. 2022, arXiv 2209.11055): few texts make many pairs. The loss is the squared error of the
cosine to 1 or 0. Here all pairs of a batch count, not drawn ones: 12 texts read once give 66. With 32 to 128 labels of
few kinds the encoder it leaves is better than that of plain fine-tuning; docs/recipe.md has the figures.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from modelsvc.contrastive_config import ContrastiveConfig
from modelsvc.dropout import cheap_dropout
from modelsvc.encoder import Encoder
from modelsvc.finetune import own_copy
from modelsvc.finetune_config import NO_NUMBER, FineTuneConfig
from modelsvc.looked_at import told_between_layers
from modelsvc.parameter_groups import parameter_groups
from modelsvc.schedules import slanted_triangle
from modelsvc.types import OnProgress, Progress, Rows, Targets, silent
from modelsvc.weights_digest import model_sha256

BATCH_TOKENS = 2048  # padded tokens in one step: a cancel waits for one step
LEAST_BATCH = 8  # texts; fewer make too few pairs


class ContrastiveError(ValueError):
    """Labels from which no pair of two kinds can be made: the sentence says what is missing. Or a loss that is no
    number."""


@dataclass(frozen=True)
class Contrasted:
    """A tuned encoder, what happened at each step (step, loss, rate, seconds), and how long it took in all."""

    encoder: Encoder
    log: list[dict[str, float]]
    seconds: float


def contrastive_steps(labels: int, *, least: int = 150, most: int = 300) -> int:
    """How many steps for so many labelled texts: 150 at 32, then with the square root. contrastive_steps(64) = 212

    All are taken, although the loss is near nothing after a third: the noise of small batches goes on sorting the
    labelled texts out, and texts without labels gain by it (`benchmarks/LOG.md`).
    """
    return round(min(max(least * math.sqrt(labels / 32), least), most))


def contrast(
    folder: Path | Encoder,
    texts: Sequence[str],
    Y: Targets,
    *,
    multi_label: bool,
    config: ContrastiveConfig | None = None,
    threads: int = 0,
    on_progress: OnProgress = silent,
) -> Contrasted:
    """Tune the encoder in `folder`, or a copy of the one given, on the pairs of N texts with labels Y (N, C).

    With several labels a text two texts are alike as far as they share labels (Jaccard); two texts without any say
    nothing of each other. The same seed gives the same weights on the same machine and number of threads.
    `on_progress` is called before each step and may raise to stop. Raises ContrastiveError, and EncoderError.
    """
    if len(texts) != len(Y) or len(np.unique(Y, axis=0)) < 2:
        raise ContrastiveError(
            f"{len(texts)} texts with {len(Y)} rows of labels and {len(np.unique(Y, axis=0))} kinds: pairs need one "
            "row a text and at least two kinds."
        )
    config = config or ContrastiveConfig()
    started = time.perf_counter()
    encoder = own_copy(folder, threads=threads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        with told_between_layers(encoder.model, "comparing texts", on_progress) as told:
            half = encoder.gains_by_bf16()  # as in fine_tune, before dropout changes the way of attention
            with cheap_dropout(encoder.model, config.seed):
                log = _train(encoder, texts, Y, config, half, told)
    encoder.model.eval()
    encoder.model.requires_grad_(True)
    encoder.sha256 = model_sha256(encoder.model, look=lambda: on_progress(Progress("comparing texts", 1.0)))
    return Contrasted(encoder, log, time.perf_counter() - started)


def _train(
    encoder: Encoder, texts: Sequence[str], Y: Targets, config: ContrastiveConfig, half: bool, on_progress: OnProgress
) -> list[dict[str, float]]:
    """The loop: draw a batch, compare every two of it, step; to the schedule's end."""
    tokens = encoder.tokenize(texts)
    rates = FineTuneConfig(lr=config.lr, layer_decay=config.layer_decay, weight_decay=config.weight_decay)
    groups = parameter_groups(encoder.model, nn.Module(), rates)  # no head: the cosine is the whole classifier
    trained: list[Tensor] = [parameter for group in groups for parameter in group["params"]]
    optimizer = torch.optim.AdamW(groups, fused=True)
    alike, known = likeness(Y)
    steps = config.steps or contrastive_steps(len(texts))
    lengths = [len(ids) for ids in tokens["input_ids"]]
    batches = even_batches(Y, size=_batch_size(lengths, config.batch), seed=config.seed)
    log: list[dict[str, float]] = []
    encoder.model.train()
    started = time.perf_counter()
    for step in range(steps):
        seconds = time.perf_counter() - started
        left = seconds / step * (steps - step) if step else None
        on_progress(Progress("comparing texts", step / steps, left, log[-1]["loss"] if log else None))
        share = slanted_triangle((step + 0.5) / steps, warmup=config.warmup)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * share
        rows = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            Z = encoder.pooled(encoder.pad(tokens, rows.tolist()))  # (B, D)
        loss = pair_loss(Z, torch.from_numpy(alike[np.ix_(rows, rows)]), torch.from_numpy(known[np.ix_(rows, rows)]))
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(trained, config.clip).item()
        if not math.isfinite(loss.item() + norm):
            raise ContrastiveError(NO_NUMBER.format(step=step, loss=loss.item(), norm=norm))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        log.append({"step": step, "loss": loss.item(), "rate": config.lr * share, "seconds": seconds})
    return log


def likeness(Y: Targets) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How alike every two texts should be, 0..1, and for which two that is known: (N, C) -> (N, N), (N, N)."""
    y = Y.astype(np.float32)
    shared = y @ y.T
    either = y.sum(1)[:, None] + y.sum(1)[None, :] - shared
    alike: NDArray[np.float32] = shared / np.maximum(either, 1)
    known = either > 0
    np.fill_diagonal(known, False)
    return alike, known


def pair_loss(Z: Tensor, alike: Tensor, known: Tensor) -> Tensor:
    """Squared error of the cosine of every two rows of Z (B, D); like and unlike pairs weigh the same in all."""
    error = (Z @ Z.T - alike) ** 2
    like, unlike = known & (alike > 0), known & (alike == 0)
    parts = [error[chosen].mean() for chosen in (like, unlike) if bool(chosen.any())]
    return sum(parts, start=error.new_zeros(()) * error.sum()) / max(len(parts), 1)


def even_batches(Y: Targets, *, size: int, seed: int) -> Iterator[Rows]:
    """Batches of distinct texts without end: kinds in random order with at least two texts each where there are, so
    that every batch has like pairs even with many kinds; what is left is filled at random."""
    rng = np.random.default_rng(seed)
    N = len(Y)
    size = min(size, N)
    _, kind = np.unique(Y, axis=0, return_inverse=True)
    members = [np.flatnonzero(kind == k) for k in range(int(kind.max()) + 1)]
    each = max(2, size // len(members))
    while True:
        chosen: list[int] = []
        for k in rng.permutation(len(members)):
            chosen += rng.permutation(members[k])[:each].tolist()
            if len(chosen) >= size:
                break
        rest = np.setdiff1d(np.arange(N), np.array(chosen, np.int64))
        chosen += rng.permutation(rest)[: max(0, size - len(chosen))].tolist()
        yield np.array(chosen[:size], np.int64)


def _batch_size(lengths: Sequence[int], wanted: int) -> int:
    """Fewer texts a step where they are long."""
    return min(wanted, max(LEAST_BATCH, BATCH_TOKENS // max(1, int(np.percentile(lengths, 90)))))

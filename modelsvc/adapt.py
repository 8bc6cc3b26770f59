"""Adapt the encoder to the texts of the pool, without a label, before the classifier (Howard & Ruder 2018, stage b).

Two ways. SimCSE (Gao et al. 2021, arXiv 2104.08821): a text read twice under dropout must find itself among others.
Masked words (Devlin et al. 2019; on the task's own texts: Gururangan et al. 2020, arXiv 2004.10964): the bundled
encoder comes without the head for it, so a new one is learnt over its own table of word vectors. Neither is part of
the default: docs/ulmfit.md says what they were worth.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from modelsvc.adapt_config import AdaptConfig
from modelsvc.batching import endless_batches, pieces
from modelsvc.dropout import cheap_dropout
from modelsvc.encoder import Encoder
from modelsvc.finetune import own_copy
from modelsvc.finetune_config import NO_NUMBER, FineTuneConfig, FineTuneError
from modelsvc.looked_at import told_between_layers
from modelsvc.masked_words import MaskedWords
from modelsvc.parameter_groups import parameter_groups
from modelsvc.schedules import slanted_triangle
from modelsvc.types import OnProgress, Progress, silent
from modelsvc.weights_digest import model_sha256

Loss = Callable[[dict[str, Tensor]], Tensor]


@dataclass(frozen=True)
class Adapted:
    """The encoder as adapted, what happened at each step (step, loss, seconds), and how long it took in all."""

    encoder: Encoder
    log: list[dict[str, float]]
    seconds: float


def adapt(
    folder: Path | Encoder,
    texts: Sequence[str],
    *,
    config: AdaptConfig | None = None,
    threads: int = 0,
    on_progress: OnProgress = silent,
) -> Adapted:
    """Adapt the encoder in `folder`, or a copy of the one given, to N unlabelled texts; `fine_tune` goes on from it.

    Seeds and `on_progress` as in `fine_tune`. Raises FineTuneError for fewer than two texts and a loss that
    is no number, and EncoderError.
    """
    if len(texts) < 2:
        raise FineTuneError(f"{len(texts)} texts cannot adapt an encoder; at least two.")
    config = config or AdaptConfig()
    started = time.perf_counter()
    encoder = own_copy(folder, threads=threads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        with told_between_layers(encoder.model, "adapting", on_progress) as told:
            half = encoder.gains_by_bf16()  # as in fine_tune, before dropout changes the way of attention
            with cheap_dropout(encoder.model, config.seed):
                log = _train(encoder, texts, config, half, told)
    encoder.model.eval()
    encoder.model.requires_grad_(True)
    encoder.sha256 = model_sha256(encoder.model, look=lambda: on_progress(Progress("adapting", 1.0)))
    return Adapted(encoder, log, time.perf_counter() - started)


def _train(
    encoder: Encoder, texts: Sequence[str], config: AdaptConfig, half: bool, on_progress: OnProgress
) -> list[dict[str, float]]:
    """The loop: as many texts as a batch holds, in pieces; step; tell the caller; stop when the schedule ends."""
    loss_of, head = _task(encoder, config)
    rates = FineTuneConfig(lr=config.lr, head_lr=10 * config.lr, layer_decay=config.layer_decay)
    groups = parameter_groups(encoder.model, head, rates)
    trained = [parameter for group in groups for parameter in group["params"]]
    optimizer = torch.optim.AdamW(groups)
    # as many texts as are read in all, cut like the encoder cuts: the last token closes the text
    chosen = np.random.default_rng(config.seed).permutation(len(texts))[: config.steps * config.batch]
    tokens = shortened(encoder.tokenize([texts[row] for row in chosen]), config.most_tokens)
    lengths = [len(ids) for ids in tokens["input_ids"]]
    batches = endless_batches(np.ones(len(chosen)), size=min(config.batch, len(chosen)), seed=config.seed)
    log: list[dict[str, float]] = []
    encoder.model.train()
    started = time.perf_counter()
    for step in range(config.steps):
        seconds = time.perf_counter() - started
        position = max(step / config.steps, seconds / config.max_seconds if config.max_seconds else 0.0)
        left = seconds / position * (1 - position) if step else None
        now = Progress("adapting", min(position, 1.0), left, log[-1]["loss"] if log else None)
        on_progress(now)
        if position >= 1:
            break
        share = slanted_triangle(position + 1 / config.steps * (position < config.warmup), warmup=config.warmup)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * share
        rows, loss = next(batches), 0.0
        for count, piece in enumerate(pieces(rows, lengths, tokens=config.piece_tokens)):
            if count:
                on_progress(now)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                part = loss_of(encoder.pad(tokens, piece.tolist())) * (len(piece) / len(rows))
            part.backward()  # type: ignore[no-untyped-call]
            loss += part.item()
        norm = nn.utils.clip_grad_norm_(trained, 1.0).item()
        if not math.isfinite(loss + norm):
            raise FineTuneError(NO_NUMBER.format(step=step, loss=loss, norm=norm))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        log.append({"step": step, "loss": loss, "seconds": seconds})
    return log


def _task(encoder: Encoder, config: AdaptConfig) -> tuple[Loss, nn.Module]:
    """The mean loss of a piece's texts, and what learns beside the encoder."""
    if config.method == "simcse":
        return lambda piece: twice_read_loss(encoder.pooled(piece), encoder.pooled(piece), config.temperature), (
            nn.Identity()
        )
    words = MaskedWords(encoder.model, encoder.tokenizer, share=config.masked)
    return words, words.head


def twice_read_loss(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """InfoNCE of unit vectors (B, D) and (B, D): row i of the one must find row i of the other. 0 for one text."""
    likeness = first.float() @ second.float().T / temperature  # (B, B)
    return nn.functional.cross_entropy(likeness, torch.arange(len(first)))


def shortened(tokens: dict[str, list[list[int]]], most: int) -> dict[str, list[list[int]]]:
    """Token columns cut to `most` a text; the last token is kept, as it closes the text."""
    return {
        name: [column if len(column) <= most else [*column[: most - 1], column[-1]] for column in columns]
        for name, columns in tokens.items()
    }

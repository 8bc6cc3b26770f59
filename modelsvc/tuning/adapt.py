"""Adapt the encoder to the texts of the pool, without a label, before the classifier (Howard & Ruder 2018, stage b).

Two ways. SimCSE (Gao et al. 2021, arXiv 2104.08821): a text read twice under dropout must find itself among others.
Masked words (Devlin et al. 2019; on the task's own texts: Gururangan et al. 2020, arXiv 2004.10964): the bundled
encoder comes without the head for it, so a new one is learnt over its own table of word vectors. Neither is part of
the default: docs/ulmfit.md says what they were worth.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from modelsvc.encoding.batching import endless_batches
from modelsvc.encoding.encoder import Encoder
from modelsvc.tuning.adapt_config import AdaptConfig
from modelsvc.tuning.descent import Course, descend, learn_by_pieces
from modelsvc.tuning.finetune_config import FineTuneConfig, FineTuneError
from modelsvc.tuning.in_training import InTraining, Tuned, in_training, own_copy
from modelsvc.tuning.masked_words import MaskedWords
from modelsvc.tuning.parameter_groups import parameter_groups
from modelsvc.tuning.schedules import slanted_triangle
from modelsvc.types import OnProgress, Progress, Rows, silent

STAGE = "adapting"
Loss = Callable[[dict[str, Tensor]], Tensor]


def adapt(
    folder: Path | Encoder,
    texts: Sequence[str],
    *,
    config: AdaptConfig | None = None,
    threads: int = 0,
    on_progress: OnProgress = silent,
) -> Tuned:
    """Adapt the encoder in `folder`, or a copy of the one given, to N unlabelled texts; `fine_tune` goes on from it.

    Seeds and `on_progress` as in `fine_tune`. Raises FineTuneError for fewer than two texts and a loss that
    is no number, and EncoderError.
    """
    if len(texts) < 2:
        raise FineTuneError(f"{len(texts)} texts cannot adapt an encoder; at least two.")
    config = config or AdaptConfig()
    started = time.perf_counter()
    encoder = own_copy(folder, threads=threads)
    with in_training(encoder, STAGE, seed=config.seed, on_progress=on_progress) as work:
        log = _train(work, texts, config)
    return Tuned(encoder, log, time.perf_counter() - started)


def _train(work: InTraining, texts: Sequence[str], config: AdaptConfig) -> list[dict[str, float]]:
    """As many texts as a batch holds, in pieces; to the schedule's end."""
    encoder = work.encoder
    mean_loss, head = _task(encoder, config)
    rates = FineTuneConfig(lr=config.lr, head_lr=10 * config.lr, layer_decay=config.layer_decay)
    groups = parameter_groups(encoder.model, head, rates)
    # as many texts as are read in all, cut like the encoder cuts: the last token closes the text
    chosen = np.random.default_rng(config.seed).permutation(len(texts))[: config.steps * config.batch]
    tokens = shortened(encoder.tokenize([texts[row] for row in chosen]), config.most_tokens)
    lengths = [len(ids) for ids in tokens["input_ids"]]
    batches = endless_batches(np.ones(len(chosen)), size=min(config.batch, len(chosen)), seed=config.seed)
    encoder.model.train()

    def learn(now: Progress) -> float:
        rows = next(batches)

        def loss_of(piece: Rows) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16, enabled=work.half):
                return mean_loss(encoder.pad(tokens, piece.tolist())) * (len(piece) / len(rows))

        return learn_by_pieces(rows, lengths, loss_of, lambda: work.on_progress(now), tokens=config.piece_tokens)

    def share(position: float) -> float:
        return slanted_triangle(position + 1 / config.steps * (position < config.warmup), warmup=config.warmup)

    course = Course(STAGE, config.steps, share, lr=config.lr, clip=1.0, max_seconds=config.max_seconds)
    return descend(groups, course, learn, on_progress=work.on_progress, broken=FineTuneError)


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

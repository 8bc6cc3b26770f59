"""The contrastive stage: texts of one kind move together, texts of two kinds apart, until a plain head tells them.

SetFit's idea (Tunstall et al. 2022, arXiv 2209.11055): few texts make many pairs. The loss is the squared error of the
cosine to 1 or 0. Here all pairs of a batch count, not drawn ones: 12 texts read once give 66. With 32 to 128 labels of
few kinds the encoder it leaves is better than that of plain fine-tuning; docs/recipe.md has the figures.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from modelsvc.encoding.batching import pieces
from modelsvc.encoding.encoder import Encoder
from modelsvc.tuning.contrastive_config import ContrastiveConfig
from modelsvc.tuning.descent import Course, descend
from modelsvc.tuning.finetune_config import FineTuneConfig
from modelsvc.tuning.gradient_cache import backward_by_pieces
from modelsvc.tuning.in_training import InTraining, Tuned, in_training, own_copy
from modelsvc.tuning.parameter_groups import parameter_groups
from modelsvc.tuning.schedules import slanted_triangle
from modelsvc.types import Look, OnProgress, Progress, Rows, Targets, silent

BATCH_TOKENS = 2048  # padded tokens read in one pass: a cancel waits for it, and attention needs memory by T squared
STAGE = "comparing texts"
LEAST_BATCH = 8  # texts; fewer make too few pairs


class ContrastiveError(ValueError):
    """Labels from which no pair of two kinds can be made: the sentence says what is missing. Or a loss that is no
    number."""


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
) -> Tuned:
    """Tune the encoder in `folder`, or a copy of the one given, on the pairs of N texts with labels Y (N, C).

    With several labels a text two texts are alike as far as they share labels (Jaccard); two texts without any say
    nothing of each other. The same seed gives the same weights on the same machine and number of threads.
    `on_progress` is called before each step, of long texts before each piece of one, and may raise to stop. Raises
    ContrastiveError, and EncoderError.
    """
    if len(texts) != len(Y) or len(np.unique(Y, axis=0)) < 2:
        raise ContrastiveError(
            f"{len(texts)} texts with {len(Y)} rows of labels and {len(np.unique(Y, axis=0))} kinds: pairs need one "
            "row a text and at least two kinds."
        )
    config = config or ContrastiveConfig()
    started = time.perf_counter()
    encoder = own_copy(folder, threads=threads)
    with in_training(encoder, STAGE, seed=config.seed, on_progress=on_progress) as work:
        log = _train(_Pairs.of(work, texts, Y), config)
    return Tuned(encoder, log, time.perf_counter() - started)


@dataclass(frozen=True)
class _Pairs:
    """N texts as the encoder reads them, and how alike every two should be."""

    work: InTraining
    tokens: dict[str, list[list[int]]]
    lengths: list[int]  # (N,) in tokens
    Y: Targets  # (N, C)
    alike: NDArray[np.float32]  # (N, N), 0..1
    known: NDArray[np.bool_]  # (N, N)

    @classmethod
    def of(cls, work: InTraining, texts: Sequence[str], Y: Targets) -> _Pairs:
        tokens = work.encoder.tokenize(texts)
        return cls(work, tokens, [len(ids) for ids in tokens["input_ids"]], Y, *likeness(Y))

    def embed(self, rows: Rows) -> Tensor:
        """(B,) -> (B, D), of unit length."""
        encoder = self.work.encoder
        with torch.autocast("cpu", torch.bfloat16, enabled=self.work.half):
            return encoder.pooled(encoder.pad(self.tokens, rows.tolist()))

    def loss(self, Z: Tensor, rows: Rows) -> Tensor:
        """Of these texts (B,) with embeddings Z (B, D)."""
        alike, known = (torch.from_numpy(matrix[np.ix_(rows, rows)]) for matrix in (self.alike, self.known))
        return pair_loss(Z, alike, known)

    def backward(self, rows: Rows, look: Look) -> float:
        """The batch's loss, and its gradients in the weights: in one pass, or by pieces where its texts are too long
        for that. `look` is called before each piece and may raise to stop."""
        if len(rows) * max(self.lengths[row] for row in rows) <= BATCH_TOKENS:
            loss = self.loss(self.embed(rows), rows)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss.item()
        parts = list(pieces(rows, self.lengths))
        by_length = np.concatenate(parts)
        return backward_by_pieces(
            self.embed, parts, lambda Z: self.loss(Z, by_length), dropout=self.work.dropout, look=look
        )


def _train(pairs: _Pairs, config: ContrastiveConfig) -> list[dict[str, float]]:
    """Batch after batch, every two of it compared; to the schedule's end."""
    model, tell = pairs.work.encoder.model, pairs.work.on_progress
    rates = FineTuneConfig(lr=config.lr, layer_decay=config.layer_decay, weight_decay=config.weight_decay)
    groups = parameter_groups(model, nn.Module(), rates)  # no head: the cosine is the whole classifier
    steps = config.steps or contrastive_steps(len(pairs.Y))
    batches = even_batches(pairs.Y, size=_batch_size(pairs.lengths, config.batch), seed=config.seed)
    model.train()

    def learn(now: Progress) -> float:
        return pairs.backward(next(batches), partial(tell, replace(now, loss=None)))

    def share(position: float) -> float:
        return slanted_triangle(position + 0.5 / steps, warmup=config.warmup)

    course = Course(STAGE, steps, share, lr=config.lr, clip=config.clip)
    return descend(groups, course, learn, on_progress=tell, broken=ContrastiveError)


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

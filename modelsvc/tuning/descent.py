"""Down a loss by AdamW, a step at a time along a schedule: told before each, so that it can be stopped, and never on
past a loss that is no number. What is learnt from at a step is the caller's."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from modelsvc.encoding.batching import PIECE_TOKENS, pieces
from modelsvc.encoding.freed_memory import give_back
from modelsvc.types import Look, OnProgress, Progress, Rows

NO_NUMBER = (
    "At step {step} the loss was {loss} and its gradient's norm {norm}: no numbers to learn from. Start the run again;"
    " if that does not help, lower the learning rate or choose another encoder."
)

Learn = Callable[[Progress], float]
"""Adds one batch's gradients to the weights and gives its loss; told where the training is."""


@dataclass(frozen=True)
class Course:
    """How long, how fast, and what it is called while it lasts."""

    stage: str
    steps: int
    share: Callable[[float], float]  # of each group's peak rate, at 0..1 of the way
    lr: float  # the peak of the top layer, for the log
    clip: float  # largest norm of the gradient
    max_seconds: float | None = None  # the way ends by then


def descend(
    groups: list[dict[str, Any]], course: Course, learn: Learn, *, on_progress: OnProgress, broken: type[Exception]
) -> list[dict[str, float]]:
    """Take the course's steps with the weights in `groups` (each with its `peak` rate), and say what happened at each:
    step, loss, rate, seconds. Raises `broken` when a loss or a gradient is no number."""
    trained: list[Tensor] = [parameter for group in groups for parameter in group["params"]]
    optimizer = torch.optim.AdamW(groups, fused=True)
    log: list[dict[str, float]] = []
    started = time.perf_counter()
    for step in range(course.steps):
        seconds = time.perf_counter() - started
        # where we are: by steps, or by the clock where that is nearer its end
        position = max(step / course.steps, seconds / course.max_seconds if course.max_seconds else 0.0)
        left = seconds / position * (1 - position) if step else None
        now = Progress(course.stage, min(position, 1.0), left, log[-1]["loss"] if log else None)
        on_progress(now)
        give_back()
        if position >= 1:
            break
        share = course.share(position)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * share
        loss = learn(now)
        norm = nn.utils.clip_grad_norm_(trained, course.clip).item()
        if not math.isfinite(loss + norm):
            raise broken(NO_NUMBER.format(step=step, loss=loss, norm=norm))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        log.append({"step": step, "loss": loss, "rate": course.lr * share, "seconds": seconds})
    return log


def learn_by_pieces(
    rows: Rows, lengths: Sequence[int], loss_of: Callable[[Rows], Tensor], look: Look, *, tokens: int = PIECE_TOKENS
) -> float:
    """One batch's gradients, piece by piece: `loss_of` gives a piece's part of the batch's loss. `look` is called
    between two pieces and may raise to stop."""
    total = 0.0
    for count, piece in enumerate(pieces(rows, lengths, tokens=tokens)):
        if count:
            look()
        part = loss_of(piece)
        part.backward()  # type: ignore[no-untyped-call]
        total += part.item()
    return total

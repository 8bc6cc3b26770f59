"""The switches of a fine-tuning, with the reason of each default. docs/ulmfit.md has what each is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modelsvc.tuning.schedules import total_steps

Schedule = Literal["triangle", "constant"]


class FineTuneError(Exception):
    """Labels that cannot be learnt from: none, or not one row a text. Or a loss that is no number."""


@dataclass(frozen=True)
class FineTuneConfig:
    lr: float = 3e-4  # peak, top layer; 1e-3 lost 5 to 9 points on TREC-6
    head_lr: float = 3e-3  # peak, linear layer
    head_start: float = (
        0.1  # of the probe's weights: a sharp head already fits its texts and leaves the encoder no slope; 0 = random
    )
    layer_decay: float = 0.8  # rate of a layer over that of the one above it; 1.0 lost 8 points
    schedule: Schedule = "triangle"  # or the peak rate to the end, after the warm-up
    warmup: float = 0.1  # share of the steps
    unfreeze: float = 0.0  # share of the steps over which layers thaw, top first; 0 = all learn from the first step
    batch: int = 16
    weight_decay: float = 0.01  # on matrices, not on biases and norms
    clip: float = 1.0  # largest norm of the gradient
    label_smoothing: float = 0.05  # single label only
    dropout: bool = True  # as the encoder says; without it a step takes 8 % less time at 16 tokens a text, 15 % at 60
    epochs: float | None = None  # None = by the number of labels, see schedules.total_steps
    max_seconds: float | None = None  # the schedule ends by then; a run cut so is no longer the same on another machine
    seed: int = 0
    concat: bool = False  # embeddings of [pooled | first token | maximum]; such an encoder cannot be saved
    windows: int = 1  # of a text longer than the encoder reads; 2 or more = as many, drawn anew at each step
    freeze_embeddings: bool = True  # the table of word vectors: half the weights, and 100 texts touch few of its rows
    balance: bool = True  # show rare labels more often when the counts are skewed

    def steps(self, shown: float) -> int:
        """Optimiser steps where an epoch shows so many texts: their number, or the sum of their weights."""
        if self.epochs is None:
            return total_steps(max(1, round(shown)), batch=self.batch)
        return max(1, round(self.epochs * shown / self.batch))

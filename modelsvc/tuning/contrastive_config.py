"""The switches of the contrastive stage, with the reason of each default. docs/recipe.md has what it is worth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ContrastiveConfig:
    lr: float = 1e-4  # peak, top layer
    layer_decay: float = 0.8
    warmup: float = 0.1  # share of the steps
    weight_decay: float = 0.01
    clip: float = 1.0
    batch: int = 12  # texts a step, of which every two are a pair; of 32, see benchmarks/LOG.md
    steps: int | None = None  # None = by the number of labels, see contrastive_steps
    seed: int = 0

"""The switches of the adaptation to the pool. docs/ulmfit.md has what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["simcse", "masked words"]


@dataclass(frozen=True)
class AdaptConfig:
    method: Method = "simcse"
    steps: int = 120
    batch: int = 32
    lr: float = 5e-5  # peak, top layer
    layer_decay: float = 0.8
    warmup: float = 0.1  # share of the steps
    temperature: float = 0.05  # SimCSE's
    masked: float = 0.15  # share of the words to be guessed
    most_tokens: int = 64  # a text is cut to so many: its words and their company, not its whole course
    piece_tokens: int = 768  # padded tokens in one forward and backward; SimCSE's others are those in the piece
    max_seconds: float | None = None
    seed: int = 0

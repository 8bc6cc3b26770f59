"""The words of the border: array aliases and frozen dataclasses that cross it.

Axes, used on every reshape in this package: N texts, T tokens, C labels, D embedding width, K chosen texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modelsvc.stores.words import Words, WordWeights

Embeddings = NDArray[np.float32]  # (N, D), rows of unit length
Proba = NDArray[np.float32]  # (N, C), rows sum to 1 (single label) or each column in 0..1 (multi-label)
Targets = NDArray[np.uint8]  # (N, C), multi-hot; exactly one 1 a row in single-label projects
Scores = NDArray[np.float32]  # (N,), higher = ask first
Rows = NDArray[np.int64]  # (K,), positions into the argument they were computed from


@dataclass(frozen=True)
class Progress:
    """What a long computation tells its caller. The caller decides whether that means a log line or a heartbeat. To
    stop the computation it raises an exception of its own from inside the call, which ends it and reaches it again."""

    stage: str
    done: float  # 0..1 of the whole computation
    seconds_left: float | None = None
    loss: float | None = None


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tell nobody."""


ReadTexts = Callable[[Sequence[str], OnProgress], Embeddings]
"""The embeddings (n, D) of n texts. The progress may raise to stop it."""

Look = Callable[[], None]
"""Called every moment of a computation that has no progress to tell, of a second or a few; may raise to stop it."""


def unwatched() -> None:
    """Nobody looks."""


@dataclass(frozen=True)
class Views:
    """Texts as a head sees them: their embeddings and, where it reads them too, their words."""

    X: Embeddings  # (N, D)
    words: Words | None = None  # N rows

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: Rows | NDArray[np.bool_]) -> Views:
        return Views(self.X[rows], None if self.words is None else self.words[rows])


@dataclass(frozen=True)
class Head:
    """A linear classifier, calibrated: softmax (single label) or a sigmoid each (multi-label). It reads embeddings,
    and with `words` the words of a text too."""

    weights: NDArray[np.float32]  # (D, C)
    bias: NDArray[np.float32]  # (C,)
    multi_label: bool
    temperature: float = 1.0  # logits are divided by it (Guo et al. 2017, arXiv 1706.04599)
    thresholds: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))  # (C,) multi-label only
    words: WordWeights | None = None
    pool_share: float = 0.0  # parts of the pool's discriminant to one of the head's own, summed up in the weights
    pool_scale: float = 1.0
    named: bool = False  # whether the labels' names taught it too (prototypes.py)
    alone: Head | None = field(default=None, compare=False, repr=False)  # where the next search starts


@dataclass(frozen=True)
class Ranked:
    """The head of the queue: positions into the pool, best first, with what the page says about each."""

    rows: Rows  # (K,)
    scores: Scores  # (K,)
    probabilities: NDArray[np.float32]  # (K,) of having been drawn at its turn; 1: chosen, not drawn
    reasons: list[str]
    strategy: str

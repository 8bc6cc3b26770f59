"""What a strategy sees: the texts that may be asked, what the model thinks of them, and what is labelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Embeddings, Proba, Rows, Targets


class StrategyError(ValueError):
    """A strategy was asked for something it cannot do: the sentence has both numbers and the way out."""


@dataclass(frozen=True)
class AsItCame:
    """What the encoder as it came reads, where a tuned one reads the pool."""

    X: Embeddings  # (A, D)
    rows: Rows  # (N,) where the pool's texts are in X; -1: not read
    covered: Rows  # (n + P,) where those of Pool.covered_X are; -1: not read
    label_X: Embeddings | None  # (C, D) zeros where a label's name is not read


@dataclass(frozen=True)
class Pool:
    """Raises StrategyError on construction when its parts do not fit one another."""

    X: Embeddings  # (N, D) texts that may be asked; never the audit reserve
    proba: Proba | None  # (N, C) calibrated, or None while there is no model
    labelled_X: Embeddings  # (n, D)
    labelled_Y: Targets  # (n, C)
    multi_label: bool
    label_names: Sequence[str]  # C
    thresholds: NDArray[np.float32] | None = None  # (C,) several labels a text: from where each is given; None = 0.5
    label_X: Embeddings | None = None  # (C, D) the labels' names and descriptions, read by the encoder of X
    in_hand_X: Embeddings | None = None  # (P, D) texts that somebody has before them, whose labels come in a moment
    as_it_came: Callable[[], AsItCame | None] | None = None  # looked up where it is needed; None: X is all there is
    answered: NDArray[np.int64] | None = None  # (C,) for how many texts that nobody has labelled the model says each
    turn: int = 0  # how many texts were labelled before: an order made anew for each goes on in the turns of the last

    def __post_init__(self) -> None:
        N, n, C = len(self.X), len(self.labelled_X), len(self.label_names)
        if self.proba is not None and self.proba.shape != (N, C):
            raise StrategyError(f"Probabilities are {self.proba.shape}; {N} texts and {C} labels need {(N, C)}.")
        if self.labelled_Y.shape != (n, C):
            raise StrategyError(f"Labels given are {self.labelled_Y.shape}; {n} texts and {C} labels need {(n, C)}.")

        if self.label_X is not None and self.label_X.shape != (C, self.X.shape[1]):
            wanted = (C, self.X.shape[1])
            raise StrategyError(f"Label names are {self.label_X.shape}; {C} labels beside these texts need {wanted}.")

    @property
    def size(self) -> int:
        """N."""
        return len(self.X)

    @property
    def covered_X(self) -> Embeddings:
        """(n + P, D) what is labelled and what is in hand: another text of its kind need not be asked now. Pages hold
        texts ahead, so that a queue that knew only the answers asked them again in other words."""
        if self.in_hand_X is None:
            return self.labelled_X
        return np.concatenate([self.labelled_X, self.in_hand_X])

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many labelled texts carry each label. (C,)"""
        counts: NDArray[np.int64] = self.labelled_Y.sum(axis=0, dtype=np.int64)
        return counts

    def need_proba(self, strategy: str) -> Proba:
        """The probabilities. Raises StrategyError, which names the strategy that asked, while there is no model."""
        if self.proba is None:
            raise StrategyError(f"'{strategy}' asks a model and there is no model yet; use 'cold'.")
        return self.proba

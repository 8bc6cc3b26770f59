"""Labels' names as texts: a name, read by the encoder like any text, is one more text of its label, a prototype
(Snell et al. 2017, arXiv 1703.05175, with what a label is called in the place of its first examples).

So a label that nobody has used yet is known by what it is called. The more texts it has, the less its name says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.descriptions import what_it_is
from modelsvc.heads.links import one_hot
from modelsvc.types import Embeddings, Rows, Targets

FEW = 20  # texts of a label from which on its name adds next to nothing
MOST_TEXTS = 3_000  # labelled texts up to which names are asked: the folds are fitted twice for it


def texts_of(name: str, description: str = "") -> tuple[str, ...]:
    """What the encoder reads of a label: its name, "card_arrival" as two words, and apart from it what the description
    says the label is."""
    words = " ".join(name.replace("_", " ").split()) or name
    described = what_it_is(description)
    return (words, described) if described else (words,)


def are_asked(Y: Targets) -> bool:
    """Whether names can add anything beside labels Y (n, C)."""
    return len(Y) <= MOST_TEXTS and bool((Y.sum(axis=0) < FEW).any())


@dataclass(frozen=True)
class Prototypes:
    """K names and descriptions of some of C labels."""

    X: Embeddings  # (K, D), by the encoder of the texts beside them
    columns: Rows  # (K,) of which label

    @classmethod
    def read(cls, label_texts: Sequence[Sequence[str]], encode: Callable[[list[str]], Embeddings]) -> Prototypes | None:
        """What each of C labels is called, read by an encoder's `encode`; None where there is nothing to read."""
        columns = np.repeat(np.arange(len(label_texts)), [len(texts) for texts in label_texts])
        return cls(encode([text for texts in label_texts for text in texts]), columns) if len(columns) else None

    def __len__(self) -> int:
        return len(self.X)

    def targets(self, C: int) -> Targets:
        """(K, C)"""
        return one_hot(self.columns, C)

    def of_each(self, C: int) -> Embeddings | None:
        """(C, D) the mean of what each label is called, unit rows; None where one has nothing."""
        means = self.of_those_named(C)
        return means if means.any(axis=1).all() else None

    def of_those_named(self, C: int) -> Embeddings:
        """The same, zeros for a label that has nothing. (C, D)"""
        sums = np.zeros((C, self.X.shape[1]), np.float32)
        np.add.at(sums, self.columns, self.X)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        means: Embeddings = (sums / np.maximum(lengths, 1e-9)).astype(np.float32)
        return means

    def beside(self, X: Embeddings, Y: Targets) -> tuple[Embeddings, Targets]:
        """n labelled texts and their labels with the names behind them: (n + K, D), (n + K, C)."""
        return np.concatenate([X, self.X]), np.concatenate([Y, self.targets(Y.shape[1])])

    def weights(self, counts: NDArray[np.float32]) -> NDArray[np.float32]:
        """How much each name counts beside so many texts of each label, (F, C) -> (F, K): as one text of a label that
        has none, as half a text beside one, as a tenth of one beside nine."""
        of_name: NDArray[np.float32] = (1 / (1 + counts[:, self.columns])).astype(np.float32)
        return of_name

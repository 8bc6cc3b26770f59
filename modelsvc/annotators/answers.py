"""Several people's answers to the same texts, as arrays: what agreement and consensus are counted from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Targets

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """v answers of J people to N texts, in no particular order. A person may have answered a text more than once."""

    text: Ints  # (v,) 0..N-1
    person: Ints  # (v,) 0..J-1
    Y: Targets  # (v, C); a row of zeros is an answer too: "none of these"

    def __len__(self) -> int:
        return len(self.text)

    def only(self, keep: NDArray[np.bool_] | Ints) -> Answers:
        return Answers(self.text[keep], self.person[keep], self.Y[keep])

    @property
    def people(self) -> int:
        return int(self.person.max(initial=-1)) + 1

    @property
    def texts(self) -> int:
        return int(self.text.max(initial=-1)) + 1

    def readers(self) -> Ints:
        """(N,) by how many different people each text was answered."""
        pairs = np.unique(self.text * max(1, self.people) + self.person)
        return np.bincount(pairs // max(1, self.people), minlength=self.texts).astype(np.int64)

    def shared(self) -> Answers:
        """Those to texts that two or more people answered. Texts keep their numbers."""
        return self.only(self.readers()[self.text] >= 2) if len(self) else self

    def kinds(self) -> tuple[Targets, Ints]:
        """(the K different answers (K, C), which of them each answer is (v,))."""
        kinds, which = np.unique(self.Y, axis=0, return_inverse=True)
        return kinds, which.reshape(-1).astype(np.int64)

"""What the newest model says of every text of the pool, compactly: the likeliest labels with their probabilities. 2 MB
for 100,000 texts, written whole at each refit and read whole by whoever looks for texts by it. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Proba, Targets

Ids = NDArray[np.int64]
S = TypeVar("S", bound=np.generic)

LIKELIEST = 5  # labels kept of each text


@dataclass(frozen=True)
class PoolAnswers:
    """N texts, their K likeliest labels each, likeliest first."""

    ids: Ids  # (N,), ascending
    labels: NDArray[np.int64]  # (N, K) label ids
    proba: NDArray[np.float16]  # (N, K)
    given: NDArray[np.bool_]  # (N, K) whether the model would give the label

    @classmethod
    def of(cls, ids: Ids, label_ids: list[int], proba: Proba, answers: Targets) -> PoolAnswers:
        """`proba` and `answers` are (N, C), their columns the C labels of `label_ids`."""
        columns = np.argsort(-proba, axis=1, kind="stable")[:, :LIKELIEST]
        order = np.argsort(ids, kind="stable")
        table = (np.asarray(label_ids, np.int64)[columns], _taken(proba, columns).astype(np.float16))
        return cls(ids[order], table[0][order], table[1][order], _taken(answers, columns).astype(bool)[order])

    def save(self, path: Path) -> None:
        """Whole or not at all: a reader finds the old ones or these."""
        staging = path.with_name(f".{path.name}.writing")
        with staging.open("wb") as file:
            np.savez(file, ids=self.ids, labels=self.labels, proba=self.proba, given=self.given)
        staging.replace(path)

    @classmethod
    def load(cls, path: Path) -> PoolAnswers | None:
        """None where there are none, or none that can be read."""
        try:
            with path.open("rb") as file, np.load(file) as found:
                return cls(found["ids"], found["labels"], found["proba"], found["given"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None

    def texts(self, label_id: int | None = None, *, least: float = 0.0, most: float = 1.0) -> Ids:
        """Ids of the texts that the model gives this label with such a probability, the likeliest first; without a
        label, of those whose likeliest label has one in that range, the least sure first."""
        if label_id is None:
            sure = self.proba[:, 0].astype(np.float32)
            rows = np.flatnonzero((sure >= least) & (sure <= most))
            return self.ids[rows[np.argsort(sure[rows], kind="stable")]]
        hits = (self.labels == label_id) & self.given
        sure = np.where(hits, self.proba, 0).max(axis=1).astype(np.float32)
        rows = np.flatnonzero(hits.any(axis=1) & (sure >= least) & (sure <= most))
        return self.ids[rows[np.argsort(-sure[rows], kind="stable")]]

    def likeliest(self, ids: list[int]) -> dict[int, tuple[int, float]]:
        """Text id -> its likeliest label and how likely, for those of `ids` that the model has read."""
        wanted = np.asarray(ids, np.int64)
        at = np.minimum(np.searchsorted(self.ids, wanted), max(0, len(self.ids) - 1))
        known = self.ids[at] == wanted if len(self.ids) else np.zeros(len(wanted), bool)
        rows = zip(wanted[known].tolist(), at[known].tolist(), strict=True)
        return {pk: (int(self.labels[row, 0]), float(self.proba[row, 0])) for pk, row in rows}


def _taken(table: NDArray[S], columns: NDArray[np.int64]) -> NDArray[S]:
    taken: NDArray[S] = np.take_along_axis(table, columns, axis=1)
    return taken

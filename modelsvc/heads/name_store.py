"""What labels are called, as one encoder reads it: a file beside the embeddings of the pool. It is written where the
encoder is loaded anyway and read by workers that never load it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.prototypes import Prototypes
from modelsvc.stores.store import StoreError
from modelsvc.types import Embeddings

FILE = "label-names.npz"


@dataclass(frozen=True)
class NamesRead:
    """Texts of names, each once, and their embeddings (K, D)."""

    texts: tuple[str, ...]
    X: Embeddings

    @classmethod
    def load(cls, folder: Path) -> NamesRead | None:
        """None where nothing was read yet, or nothing that can be."""
        try:
            with (folder / FILE).open("rb") as file, np.load(file) as found:
                texts, X = _texts(found["texts"]), found["X"]
            return cls(texts, X) if len(texts) == len(X) else None
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None

    def save(self, folder: Path) -> None:
        """Whole or not at all, whoever else writes. Raises StoreError where the encoder found no numbers: one such row
        would reach every head."""
        if not np.isfinite(self.X).all():
            bad = self.texts[int((~np.isfinite(self.X).all(axis=1)).argmax())]
            raise StoreError(f"The encoder found no numbers for the label '{bad}'. Call it something else.")
        staging = folder / f".{FILE}.{uuid4()}.writing"
        with staging.open("wb") as file:
            np.savez(file, texts=np.frombuffer(json.dumps(self.texts).encode(), np.uint8), X=self.X)
            file.flush()
            os.fsync(file.fileno())
        staging.replace(folder / FILE)

    def prototypes(self, wanted: Sequence[Sequence[str]]) -> Prototypes | None:
        """Of C labels by the texts that say what they are, those that were read; None where none was."""
        at = {text: row for row, text in enumerate(self.texts)}
        found = [(at[text], column) for column, texts in enumerate(wanted) for text in texts if text in at]
        if not found:
            return None
        rows, columns = np.array(found, np.int64).reshape(-1, 2).T.copy()
        return Prototypes(self.X[rows], columns)


def _texts(stored: NDArray[Any]) -> tuple[str, ...]:
    """Bytes of JSON: an array of strings, as older files have it, takes NULs from their ends."""
    return tuple(json.loads(stored.tobytes()) if stored.dtype == np.uint8 else stored.tolist())


def mark(folder: Path) -> int:
    """Changes whenever names are read anew; 0 where there are none."""
    try:
        return (folder / FILE).stat().st_mtime_ns
    except OSError:
        return 0

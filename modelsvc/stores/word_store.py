"""The words of a growing pool on disk, beside its embeddings: one vocabulary, and shards of rows over it.

A vocabulary is learnt once and again when the pool has grown by half: meanwhile new texts are read with the words that
are known. Texts pass by in chunks, so that a large pool is never in memory whole; what stays are its rows, about 8
bytes for each different word of a text. No torch here, and no pickles.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from modelsvc.stores.words import PATTERN, Vocabulary, Words, learn_vocabulary

Ids = NDArray[np.int64]
TextsOf = Callable[[Ids], list[str]]  # a text for each id, empty where there is none

GROWN = 1.5  # times the texts that a vocabulary was learnt from, it is learnt anew
LEARNT_FROM = 50_000  # texts at most: more bring rare words alone
CHUNK = 2_000


class WordStore:
    """What lies in one folder: `vocabulary.json`, and `<generation>-<unique>.npz` for each shard of rows. The
    generation is the vocabulary's: a shard of another one counts for nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def state(self) -> tuple[str, ...]:
        """What it holds, in names: equal to what it was when nothing has been written since."""
        return tuple(sorted(path.name for path in self.folder.glob("*.npz")))

    @property
    def vocabulary(self) -> Vocabulary:
        """Empty before the first texts came."""
        return self._vocabulary()[0]

    def load(self) -> tuple[Ids, Words]:
        """Ids (N,), ascending, and their rows. A shard that cannot be read is passed over, and read anew later."""
        vocabulary, generation, _ = self._vocabulary()
        shards = list(self._shards(generation, len(vocabulary)))
        if not shards:
            return np.empty(0, np.int64), Words.of(vocabulary, [])
        ids = np.concatenate([part for part, _ in shards])
        T = vstack([rows for _, rows in shards], format="csr", dtype=np.float32)
        ids, first = np.unique(ids, return_index=True)
        return ids, Words(vocabulary, T[first])

    def grow(self, ids: Ids, texts_of: TextsOf, *, seed: int = 0) -> None:
        """Make sure that each of these texts has its row. `texts_of` is asked for CHUNK texts at a time."""
        vocabulary, generation, learnt_from = self._vocabulary()
        if len(ids) > GROWN * learnt_from:
            vocabulary, generation = self._begin(ids, texts_of, seed=seed)
        known = [part for part, _ in self._shards(generation, len(vocabulary))]
        missing = ids[~np.isin(ids, np.concatenate(known))] if known else ids
        for start in range(0, len(missing), CHUNK):
            part = missing[start : start + CHUNK]
            self._write(generation, part, vocabulary.matrix(texts_of(part)))

    def _begin(self, ids: Ids, texts_of: TextsOf, *, seed: int) -> tuple[Vocabulary, str]:
        """A new vocabulary, which makes all rows so far worthless."""
        rng = np.random.default_rng(seed)
        some = ids if len(ids) <= LEARNT_FROM else np.sort(rng.choice(ids, LEARNT_FROM, replace=False))
        chunks = (some[start : start + CHUNK] for start in range(0, len(some), CHUNK))
        vocabulary = learn_vocabulary(text for chunk in chunks for text in texts_of(chunk))
        generation, before = uuid.uuid4().hex, list(self.folder.glob("*.npz"))
        self.folder.mkdir(parents=True, exist_ok=True)
        staging = self.folder / f".{generation}.writing"
        content = vocabulary.to_dict() | {"generation": generation, "learnt_from": len(ids)}
        staging.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        staging.replace(self.folder / "vocabulary.json")
        for path in before:
            path.unlink(missing_ok=True)
        return vocabulary, generation

    def _vocabulary(self) -> tuple[Vocabulary, str, int]:
        """(the words, their generation, how many texts there were then); none before the first, when torn, or when
        words were found by another pattern: then the pool is read anew."""
        try:
            content = json.loads((self.folder / "vocabulary.json").read_text(encoding="utf-8"))
            vocabulary = Vocabulary.from_dict(content)
            if vocabulary.pattern == PATTERN:
                return vocabulary, str(content["generation"]), int(content["learnt_from"])
        except (FileNotFoundError, ValueError, KeyError):
            pass
        return Vocabulary((), np.empty(0, np.float32)), "", 0

    def _shards(self, generation: str, V: int) -> Iterator[tuple[Ids, csr_matrix]]:
        for path in sorted(self.folder.glob(f"{generation}-*.npz")) if generation else ():
            try:
                with path.open("rb") as file, np.load(file) as found:  # numpy leaves a torn file open
                    ids = found["ids"]
                    rows = (found["values"], found["columns"], found["starts"])
                yield ids, csr_matrix(rows, shape=(len(ids), V))
            except (OSError, ValueError, KeyError, EOFError, BadZipFile):
                continue

    def _write(self, generation: str, ids: Ids, rows: csr_matrix) -> None:
        """To a temporary name, onto the disk, then renamed: a reader finds the whole file or none."""
        staging = self.folder / f".{uuid.uuid4().hex}.writing"
        with staging.open("wb") as file:
            np.savez(file, ids=ids, values=rows.data, columns=rows.indices, starts=rows.indptr)
            file.flush()
            os.fsync(file.fileno())
        staging.replace(self.folder / f"{generation}-{uuid.uuid4().hex}.npz")

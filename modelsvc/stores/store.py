"""Embeddings on disk: shards that are only ever added to, so that embedding a large pool can stop and go on.

A shard is two files, the ids and beside them the vectors. The ids are renamed into place last: a shard without them was
being written when the power went, and is as good as absent. Both bear a name that no other shard can have, so two
processes that append at once (one was thought dead, and wakes) never mix their ids and vectors. No torch here.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Embeddings

Ids = NDArray[np.int64]
Halves = NDArray[np.float16]


NAMED = 5  # ids in a message


class StoreError(Exception):
    """Vectors that do not fit the store or are no numbers, or a store that another encoder wrote."""


class EmbeddingStore:
    """The embeddings of one encoder version: float16 on disk, read through a memory map, float32 in hand.

    meta.json says which encoder wrote them (its SHA-256) and their width. An id that was appended twice counts once:
    the later vector holds.
    """

    def __init__(self, folder: Path, *, sha256: str = "", width: int = 0) -> None:
        """Open the store, or begin one. Raises StoreError if it belongs to another encoder than `sha256`, or if its
        width is not `width` (each checked only when given)."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._meta = self._read_meta()
        self._agree("sha256", sha256)
        self._agree("width", width)

    @property
    def sha256(self) -> str:
        """Which encoder's embeddings these are, or "" when nobody has said."""
        return str(self._meta.get("sha256", ""))

    @property
    def width(self) -> int:
        """D, or 0 while the store is empty."""
        return int(self._meta.get("width", 0))

    @property
    def count(self) -> int:
        """How many texts have an embedding here."""
        return len(self.ids())

    def append(self, ids: Ids, vectors: Embeddings) -> None:
        """Add one shard: ids (N,) and their vectors (N, D). Whole or not at all. Raises StoreError on misfit shapes,
        and on vectors with NaN or infinity in half precision, with their ids."""
        ids = np.asarray(ids, np.int64)
        if vectors.ndim != 2 or len(ids) != len(vectors):
            raise StoreError(f"{len(ids)} ids came with vectors of shape {vectors.shape}; one row an id is needed.")
        if not len(ids):
            return
        with np.errstate(over="ignore"):  # asked for below
            halves = vectors.astype(np.float16)
        _refuse_no_numbers(ids, halves)
        self._agree("width", vectors.shape[1])
        name = f"{self._next_number():06d}-{uuid.uuid4().hex}.npy"
        _write(self.folder / f"vectors-{name}", halves)
        _write(self.folder / f"ids-{name}", ids)

    def ids(self) -> Ids:
        """Every id once, in the order of first arrival (N,)."""
        every = [ids for ids, _ in self.shards()]
        if not every:
            return np.empty(0, np.int64)
        together = np.concatenate(every)
        _, first = np.unique(together, return_index=True)
        return together[np.sort(first)]

    def load(self) -> tuple[Ids, Embeddings]:
        """Ids (N,) and embeddings (N, D) as float32, copied shard by shard so that the half precision and the full
        never stand in memory whole together."""
        ids = self.ids()
        embeddings = np.empty((len(ids), self.width), np.float32)
        if not len(ids):
            return ids, embeddings
        order = np.argsort(ids)
        for shard_ids, vectors in self.shards():
            places = order[np.searchsorted(ids, shard_ids, sorter=order)]
            embeddings[places] = vectors
        return ids, embeddings

    def of(self, ids: Ids) -> tuple[NDArray[np.bool_], Embeddings]:
        """Which of these ids (n,) have an embedding, and these (n, D), nought where there is none. For a few of many:
        the rest is not loaded."""
        known, inverse = np.unique(np.asarray(ids, np.int64), return_inverse=True)
        found, embeddings = np.zeros(len(known), np.bool_), np.zeros((len(known), self.width), np.float32)
        for shard_ids, vectors in self.shards():
            mine = np.flatnonzero(np.isin(shard_ids, known))
            places = np.searchsorted(known, shard_ids[mine])
            found[places], embeddings[places] = True, vectors[mine]
        return found[inverse], embeddings[inverse]

    def missing(self, ids: Ids) -> Ids:
        """Those of `ids` that have no embedding yet, in their order."""
        ids = np.asarray(ids, np.int64)
        return ids[~np.isin(ids, self.ids())]

    def shards(self) -> Iterator[tuple[Ids, Halves]]:
        """Ids (n,) and a memory map of their vectors (n, D) in half precision, shard by shard, in the order of writing.
        Shards cut short are passed over."""
        for path in sorted(self.folder.glob("ids-*.npy")):
            try:
                ids = np.load(path)
                vectors = np.load(path.with_name(path.name.replace("ids-", "vectors-")), mmap_mode="r")
            except (OSError, ValueError, EOFError):
                continue
            if vectors.shape == (len(ids), self.width):
                yield ids, vectors

    def _next_number(self) -> int:
        """One past the highest ever used, also by a shard that was cut short: it tells the order of the shards."""
        used = [int(path.stem.split("-")[1]) for path in self.folder.glob("*-[0-9]*.npy")]
        return max(used, default=-1) + 1

    def _read_meta(self) -> dict[str, Any]:
        try:
            meta = json.loads((self.folder / "meta.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise StoreError(f"{self.folder / 'meta.json'} cannot be read; delete the folder to embed anew.") from error
        return dict(meta)

    def _agree(self, key: str, value: str | int) -> None:
        """Hold the store to what it began with, or write that down the first time."""
        known = self._meta.get(key)
        if not value or known == value:
            return
        if known:
            raise StoreError(
                f"The store {self.folder} has {key} {known}, not {value}; use a folder of its own for each."
            )
        self._meta[key] = value
        staging = self.folder / f".meta.json.{uuid.uuid4().hex}.writing"
        staging.write_text(json.dumps(self._meta, indent=2) + "\n", encoding="utf-8")
        staging.replace(self.folder / "meta.json")


def _refuse_no_numbers(ids: Ids, vectors: Halves) -> None:
    """One such row would reach every distance and every head that is computed from the store."""
    lost = ids[~np.isfinite(vectors).all(axis=1)].tolist()
    if lost:
        named = ", ".join(map(str, lost[:NAMED])) + (", …" if len(lost) > NAMED else "")
        raise StoreError(
            f"The encoder finds no vector for {len(lost)} of {len(ids)} texts (their ids: {named}): NaN or infinity"
            " came out. Leave them out, or choose another encoder."
        )


def _write(path: Path, array: NDArray[np.generic]) -> None:
    """To a temporary name, onto the disk, then renamed: a reader finds the whole file or none."""
    staging = path.with_name(f".{path.name}.writing")
    with staging.open("wb") as file:
        np.save(file, array)
        file.flush()
        os.fsync(file.fileno())
    staging.replace(path)

"""What a worker keeps in memory between refits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labeller.learning.bridges import pool as bridge_pool
from modelsvc.stores.store import EmbeddingStore

TEXTS, WIDTH = 10, 8
BYTES = TEXTS * WIDTH * 4  # of one project, as numbers of single precision


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The embeddings of six projects."""
    monkeypatch.setattr(bridge_pool, "_pools", type(bridge_pool._pools)())
    folders = [tmp_path / str(number) for number in range(6)]
    for folder in folders:
        store = EmbeddingStore(folder, sha256="e" * 64)
        store.append(np.arange(TEXTS), np.ones((TEXTS, WIDTH), np.float32))
    return folders


def kept(stores: list[Path]) -> list[int]:
    """Which are in memory once each was asked for."""
    for folder in stores:
        bridge_pool.pool_arrays(folder)
    return [stores.index(Path(folder)) for folder, *_ in bridge_pool._pools]


def test_the_last_few_projects_stay(stores: list[Path]) -> None:
    assert kept(stores) == [2, 3, 4, 5]


def test_of_large_ones_fewer_stay(stores: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_pool, "KEPT_BYTES", 2 * BYTES)
    assert kept(stores) == [4, 5]


def test_the_one_in_hand_stays_however_large_it_is(stores: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_pool, "KEPT_BYTES", 1)
    assert kept(stores) == [5]
    assert bridge_pool.pool_arrays(stores[5]) is bridge_pool.pool_arrays(stores[5])

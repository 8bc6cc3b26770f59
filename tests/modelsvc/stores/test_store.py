from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.stores import store as store_module
from modelsvc.stores.store import EmbeddingStore, StoreError

SHARDS = st.lists(st.lists(st.integers(-(2**62), 2**62), max_size=6, unique=True), max_size=5)


def vectors(n: int, seed: int = 0, width: int = 3) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@settings(max_examples=40, deadline=None)
@given(SHARDS)
def test_what_was_appended_is_loaded_and_the_later_vector_of_an_id_holds(shards):
    with tempfile.TemporaryDirectory() as folder:
        store, known = EmbeddingStore(Path(folder) / "pool"), {}
        for seed, ids in enumerate(shards):
            rows = vectors(len(ids), seed)
            store.append(np.array(ids, np.int64), rows)
            known |= dict(zip(ids, rows, strict=True))
        reopened = EmbeddingStore(Path(folder) / "pool")
        ids, embeddings = reopened.load()
        assert ids.tolist() == list(known) == reopened.ids().tolist()
        assert reopened.count == len(known)
        assert embeddings.dtype == np.float32
        for row, key in enumerate(ids.tolist()):
            assert embeddings[row] == pytest.approx(known[key], abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(SHARDS, st.lists(st.integers(-5, 5), max_size=8))
def test_a_few_are_what_the_whole_has_of_them_in_the_order_asked(shards, asked):
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddingStore(Path(folder), width=3)
        for seed, ids in enumerate(shards):
            store.append(np.array(ids, np.int64), vectors(len(ids), seed))
        whole = dict(zip(*(part.tolist() for part in store.load()), strict=True))
        found, embeddings = store.of(np.array([*asked, *list(whole)[:2]], np.int64))
        expected = [whole.get(key) for key in [*asked, *list(whole)[:2]]]
        assert found.tolist() == [row is not None for row in expected]
        assert embeddings.tolist() == [row or [0, 0, 0] for row in expected]


@settings(max_examples=40, deadline=None)
@given(SHARDS, st.lists(st.integers(-5, 5), unique=True))
def test_missing_is_what_was_asked_less_what_is_there_in_the_order_asked(shards, asked):
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddingStore(Path(folder))
        for ids in shards:
            store.append(np.array(ids, np.int64), vectors(len(ids)))
        there = {key for ids in shards for key in ids}
        assert store.missing(np.array(asked, np.int64)).tolist() == [key for key in asked if key not in there]


@pytest.mark.parametrize("harm", ["no ids", "ids cut short", "vectors cut short", "vectors gone"])
def test_a_half_written_shard_is_ignored_and_its_texts_are_embedded_again(tmp_path, harm):
    store = EmbeddingStore(tmp_path)
    store.append(np.array([1, 2]), vectors(2))
    store.append(np.array([3, 4]), vectors(2, seed=1))
    ids, rows = next(tmp_path.glob("ids-000001-*.npy")), next(tmp_path.glob("vectors-000001-*.npy"))
    match harm:
        case "no ids":
            ids.unlink()
        case "ids cut short":
            ids.write_bytes(ids.read_bytes()[:40])
        case "vectors cut short":
            rows.write_bytes(rows.read_bytes()[:-5])
        case "vectors gone":
            rows.unlink()
    again = EmbeddingStore(tmp_path)
    assert again.ids().tolist() == [1, 2]
    assert again.missing(np.array([2, 3, 4])).tolist() == [3, 4]
    again.append(np.array([3, 4]), vectors(2, seed=1))
    assert again.load()[1] == pytest.approx(np.concatenate([vectors(2), vectors(2, seed=1)]), abs=1e-3)


def test_two_that_append_at_once_never_mix_ids_and_vectors(tmp_path, monkeypatch):
    """One process writes its whole shard between the vectors and the ids of another."""
    one, other = EmbeddingStore(tmp_path), EmbeddingStore(tmp_path)
    write = store_module._write
    inside = []

    def write_with_a_rival(path, array):
        write(path, array)
        if not inside:
            inside.append(path)
            monkeypatch.setattr(other, "_next_number", lambda: 0)  # it looked before either had written
            other.append(np.array([3, 4]), vectors(2, seed=1))

    monkeypatch.setattr(store_module, "_write", write_with_a_rival)
    one.append(np.array([1, 2]), vectors(2))
    ids, found = EmbeddingStore(tmp_path).load()
    expected = dict(zip([1, 2, 3, 4], np.concatenate([vectors(2), vectors(2, seed=1)]), strict=True))
    assert sorted(ids.tolist()) == [1, 2, 3, 4]
    for key, row in zip(ids.tolist(), found, strict=True):
        assert row == pytest.approx(expected[key], abs=1e-3)


def test_vectors_are_stored_in_half_precision(tmp_path):
    EmbeddingStore(tmp_path).append(np.array([7]), vectors(1))
    assert np.load(next(tmp_path.glob("vectors-*.npy"))).dtype == np.float16


def test_another_width_is_refused_with_both_numbers(tmp_path):
    store = EmbeddingStore(tmp_path)
    store.append(np.array([1]), vectors(1, width=3))
    with pytest.raises(StoreError, match="width 3, not 5"):
        store.append(np.array([2]), vectors(1, width=5))


def test_another_encoder_is_refused(tmp_path):
    EmbeddingStore(tmp_path, sha256="aaa", width=3)
    assert EmbeddingStore(tmp_path).sha256 == "aaa"
    with pytest.raises(StoreError, match="sha256 aaa, not bbb"):
        EmbeddingStore(tmp_path, sha256="bbb")


def test_ids_and_vectors_must_be_as_many(tmp_path):
    with pytest.raises(StoreError, match=r"2 ids came with vectors of shape \(3, 3\)"):
        EmbeddingStore(tmp_path).append(np.array([1, 2]), vectors(3))


@pytest.mark.parametrize("harm", [np.nan, np.inf, 1e6], ids=["NaN", "infinity", "too large for half precision"])
def test_vectors_that_are_no_numbers_are_refused_with_the_ids_of_their_texts(tmp_path, harm):
    store, rows = EmbeddingStore(tmp_path), vectors(9)
    rows[2:8, 1] = harm
    with pytest.raises(StoreError, match=r"6 of 9 texts \(their ids: 12, 13, 14, 15, 16, …\)"):
        store.append(np.arange(10, 19), rows)
    assert store.count == 0


def test_the_store_can_be_read_without_torch():
    code = "import sys, modelsvc.stores.store; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Texts of like meaning, from the embeddings on disk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelsvc.stores import neighbours
from modelsvc.stores.neighbours import Shard, cosines, highest, mean_of
from modelsvc.stores.store import EmbeddingStore


def unit(rng: np.random.Generator, n: int, width: int = 16) -> np.ndarray:
    X = rng.normal(size=(n, width)).astype(np.float32)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def nearest(shards: list[Shard], query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ids, similarity = cosines(shards, query)
    order = highest(similarity, len(ids))
    return ids[order], similarity[order]


@pytest.fixture
def store(tmp_path) -> EmbeddingStore:
    return EmbeddingStore(tmp_path / "embeddings")


def test_the_order_is_that_of_the_cosines_over_all_shards(store, monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", 3)
    rng = np.random.default_rng(0)
    X = unit(rng, 20)
    for start in range(0, 20, 7):
        store.append(np.arange(start, min(20, start + 7)) + 100, X[start : start + 7])
    ids, similarity = nearest(list(store.shards()), X[4])
    assert ids[0] == 104 and similarity[0] == pytest.approx(1, abs=1e-3)
    assert ids.tolist() == (np.argsort(-(X.astype(np.float16).astype(np.float32) @ X[4]), kind="stable") + 100).tolist()
    assert (np.diff(similarity) <= 0).all()


def test_a_text_that_was_stored_twice_comes_once(store):
    X = unit(np.random.default_rng(1), 4)
    store.append(np.array([1, 2]), X[:2])
    store.append(np.array([2, 3]), X[2:])
    ids, similarity = cosines(list(store.shards()), X[2])
    assert ids.tolist() == [1, 2, 3]
    assert similarity[1] == pytest.approx(1, abs=1e-3)  # the later vector holds


@given(
    arrays(np.float16, (5, 7), elements=st.floats(-1, 1, width=16)),
    arrays(np.float32, 7, elements=st.floats(-1, 1, width=32)),
)
def test_each_half_counts_as_what_it_is(halves, query):
    """Also zeros of either sign, and numbers so small that a half has no full precision for them."""
    _, found = cosines([(np.arange(5), halves)], query)
    assert found == pytest.approx(halves.astype(np.float64) @ query.astype(np.float64), abs=1e-5)


@given(arrays(np.float16, 20, elements=st.floats(-1, 1, width=16)))
def test_each_half_alone_is_widened_to_the_last_bit(halves):
    for half in halves:
        _, found = cosines([(np.arange(1), half.reshape(1, 1))], np.ones(1, np.float32))
        assert found[0] == np.float32(half)


@given(arrays(np.float32, st.integers(1, 40), elements=st.floats(-1, 1, width=32)), st.integers(1, 50))
def test_the_highest_few_are_the_beginning_of_the_whole_order(similarity, count):
    assert similarity[highest(similarity, count)].tolist() == sorted(similarity.tolist(), reverse=True)[:count]


def test_an_empty_store_has_no_neighbours(store):
    ids, similarity = nearest(list(store.shards()), np.zeros(16, np.float32))
    assert not len(ids) and not len(similarity)
    assert mean_of(list(store.shards()), np.array([1])) is None


def test_the_mean_has_unit_length_and_lies_between(store):
    X = unit(np.random.default_rng(2), 3)
    store.append(np.array([1, 2, 3]), X)
    mean = mean_of(list(store.shards()), np.array([1, 3, 99]))
    assert mean is not None and np.linalg.norm(mean) == pytest.approx(1, abs=1e-5)
    assert mean == pytest.approx((X[0] + X[2]) / np.linalg.norm(X[0] + X[2]), abs=2e-3)
    assert mean_of(list(store.shards()), np.array([99])) is None


def test_texts_that_cancel_out_have_no_mean(store):
    x = unit(np.random.default_rng(3), 1).astype(np.float16).astype(np.float32)
    store.append(np.array([1, 2]), np.concatenate([x, -x]))
    assert mean_of(list(store.shards()), np.array([1, 2])) is None


@settings(deadline=None)  # it writes files
@given(st.integers(1, 30), st.integers(0, 10_000))
def test_a_text_is_the_nearest_to_itself(tmp_path_factory, n, seed):
    store = EmbeddingStore(tmp_path_factory.mktemp("store"))
    X = unit(np.random.default_rng(seed), n)
    store.append(np.arange(n), X)
    query = mean_of(list(store.shards()), np.array([n - 1]))
    assert query is not None and nearest(list(store.shards()), query)[0][0] == n - 1

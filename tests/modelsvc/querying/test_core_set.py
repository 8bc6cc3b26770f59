"""Each text is the farthest from all before it, and no clone is taken early."""

import numpy as np
import pytest

from modelsvc.querying import core_set
from modelsvc.querying.core_set import MOVING, farthest


def unit(X):
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def texts(N=200, D=12, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(N, D)))


def test_each_row_is_the_farthest_from_all_labelled_and_taken():
    X, covered = texts(), texts(30, seed=1)
    rows, gaps = farthest(X, 20, covered=covered)
    known = covered
    for row, gap in zip(rows, gaps, strict=True):
        distance = 1 - (X @ known.T).max(axis=1)
        assert distance[row] == pytest.approx(distance.max(), abs=1e-5) and gap == pytest.approx(
            distance[row], abs=1e-5
        )
        known = np.concatenate([known, X[[row]]])


def test_every_text_ends_within_twice_the_best_possible_reach():
    """Greedy k-center is within a factor of 2 (Gonzalez 1985): k groups of radius r are covered within 2r."""
    rng = np.random.default_rng(0)
    centres = unit(rng.normal(size=(10, 16)))
    X = unit(np.repeat(centres, 20, axis=0) + 0.03 * rng.normal(size=(200, 16)))
    rows, _ = farthest(X, 10, covered=X[:0])
    assert len({int(row) // 20 for row in rows}) == 10


def test_blocks_change_nothing(monkeypatch):
    X, covered = texts(), texts(30, seed=1)
    whole = farthest(X, 30, covered=covered)[0]
    monkeypatch.setattr(core_set, "BLOCK", 7)
    assert np.array_equal(whole, farthest(X, 30, covered=covered)[0])


def test_the_whole_pool_is_given_clones_last():
    X = texts(MOVING + 20)
    X[-10:] = X[0]
    rows, gaps = farthest(X, len(X), covered=X[:0])
    assert sorted(rows.tolist()) == list(range(len(X))) and np.isfinite(gaps).all()
    assert sum(row in {0, *range(len(X) - 10, len(X))} for row in rows[:-10].tolist()) == 1

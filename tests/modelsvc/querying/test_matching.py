"""Matching gives each region of the pool its share, also one whose texts are unlike one another."""

import numpy as np
import pytest

from modelsvc.querying.herding import herd
from modelsvc.querying.matching import match
from tests.modelsvc.querying.test_herding import groups, unit


def even(N):
    return np.ones(N, np.float32)


def test_each_group_gets_its_share_of_the_pool():
    X, y = groups([60, 30, 10], noise=0.12)
    rows = match(X, even(100), 10, against=X[:0], rng=np.random.default_rng(0))
    assert np.bincount(y[rows]).tolist() == [6, 3, 1]


def test_what_is_labelled_counts_towards_the_share():
    X, y = groups([50, 50], noise=0.12)
    rows = match(X, even(100), 4, against=X[:4], rng=np.random.default_rng(0))
    assert y[rows].tolist() == [1, 1, 1, 1]


def test_a_doubtful_region_gets_more_than_its_share():
    X, y = groups([50, 50], noise=0.12)
    doubt = np.where(y == 1, 1.0, 0.25).astype(np.float32)
    rows = match(X, doubt, 10, against=X[:0], rng=np.random.default_rng(0))
    assert np.bincount(y[rows]).tolist() == [2, 8]


def test_a_region_of_texts_unlike_one_another_gets_what_coverage_denies_it():
    """One text covers a dense group; of a scattered one, such as questions for what something is, each covers itself
    alone, so that coverage asks for few of them until all else is covered."""
    rng = np.random.default_rng(3)
    dense, _ = groups([40] * 8, D=64, noise=0.12)
    scattered = unit(rng.normal(size=(160, 64)))
    X, is_scattered = np.concatenate([dense, scattered]), np.arange(480) >= 320
    covering, _ = herd(X, even(480), 8, against=X[:0], rng=np.random.default_rng(0))
    matching = match(X, even(480), 24, against=X[:0], rng=np.random.default_rng(0))
    assert is_scattered[covering].mean() <= 0.25
    assert 0.25 <= is_scattered[matching].mean() <= 0.5  # a third of the pool


@pytest.mark.parametrize("k", [1, 30, 60])
def test_copies_come_when_nothing_else_is_left(k):
    X, _ = groups([30], noise=0.4)
    twice = np.concatenate([X, X])
    rows = match(twice, even(60), k, against=X[:0], rng=np.random.default_rng(0))
    assert len(set(rows.tolist())) == k
    assert len({row % 30 for row in rows.tolist()[:30]}) == min(k, 30)


def test_a_copy_of_what_is_labelled_waits_however_much_it_is_like_the_pool():
    X, _ = groups([30], noise=0.4)
    central = int((X @ X.mean(axis=0)).argmax())
    rows = match(X, even(30), 30, against=X[[central]], rng=np.random.default_rng(0))
    assert rows[-1] == central

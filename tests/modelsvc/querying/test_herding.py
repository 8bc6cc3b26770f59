"""Herding covers first and doubts later, by the width of its kernel alone."""

import numpy as np
import pytest

from modelsvc.querying.herding import WIDTH, adapted_width, herd


def unit(X):
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def groups(sizes, *, D=16, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    return unit(np.eye(D)[y] + noise * rng.normal(size=(len(y), D))), y


def test_with_even_doubt_it_takes_one_text_of_each_group_the_largest_first():
    X, y = groups([40, 30, 20, 10])
    rows, gains = herd(X, np.ones(100, np.float32), 4, against=X[:0], rng=np.random.default_rng(0))
    assert y[rows].tolist() == [0, 1, 2, 3]
    assert gains[0] == pytest.approx(1) and (np.diff(gains) < 0).all()


def test_a_group_that_is_labelled_waits_and_a_doubtful_one_comes_first():
    X, y = groups([40, 30, 20])
    doubt = np.where(y == 2, 1.0, 0.1).astype(np.float32)
    rows, _ = herd(X, doubt, 2, against=X[:1], rng=np.random.default_rng(0))
    assert y[rows].tolist() == [2, 1]


def test_the_width_is_the_least_squared_distance_of_labelled_texts_that_differ():
    labelled = unit(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [1, 0.001, 0]]))
    assert adapted_width(labelled) == pytest.approx(2 - 2 * np.sqrt(0.5), abs=1e-4)
    assert adapted_width(labelled[:1]) == adapted_width(labelled[:0]) == WIDTH


@pytest.mark.parametrize("k", [1, 10])
def test_a_text_without_a_vector_does_not_hold_up_the_choice(k):
    X, _ = groups([30, 20])
    X[7] = np.nan
    rows, _ = herd(X, np.ones(50, np.float32), k, against=X[:0], rng=np.random.default_rng(0))
    assert len(set(rows.tolist())) == k


def test_with_a_narrow_kernel_it_takes_the_most_doubtful_texts_themselves():
    X, _ = groups([60, 40], noise=0.3)
    doubt = np.random.default_rng(1).random(100).astype(np.float32)
    rows, _ = herd(X, doubt, 10, against=X[:0], rng=np.random.default_rng(0), width=1e-3)
    assert rows.tolist() == np.argsort(-doubt)[:10].tolist()

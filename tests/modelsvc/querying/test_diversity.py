"""Medoids stand for their groups; near duplicates are asked once."""

import numpy as np
import pytest

from modelsvc.querying.diversity import SAME_WORDING, DiversityError, medoids, repeating, suppress_near_duplicates


def unit(X):
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def clustered(groups, each, *, seed=0, D=24, noise=0.05):
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(groups, D)))
    y = np.repeat(np.arange(groups), each)
    return unit(centres[y] + noise * rng.normal(size=(groups * each, D))), y


@pytest.mark.parametrize("k", [1, 7, 8, 30, 100, 240])
def test_medoids_are_k_distinct_rows_and_follow_from_the_seed(k):
    X, _ = clustered(12, 20)
    one, again = (medoids(X, k, rng=np.random.default_rng(5)) for _ in range(2))
    assert len(set(one.tolist())) == k and one.min() >= 0 and one.max() < 240
    assert np.array_equal(one, again)


@pytest.mark.parametrize("seed", range(5))
def test_the_first_medoids_of_eight_groups_are_one_of_each(seed):
    X, y = clustered(8, 30, noise=0.02)
    first = medoids(X, 40, rng=np.random.default_rng(seed))[:16]
    assert len(set(y[first].tolist())) == 8


def test_groups_already_labelled_are_left_for_last():
    X, y = clustered(8, 30, noise=0.02)
    first = medoids(X, 6, rng=np.random.default_rng(0), covered=X[[0, 30]])  # one of group 0, one of group 1
    assert not {0, 1} & set(y[first].tolist())


def test_a_pool_of_one_repeated_text_still_gives_k_rows():
    X = np.repeat(unit(np.ones((1, 4))), 50, axis=0)
    assert len(set(medoids(X, 20, rng=np.random.default_rng(0)).tolist())) == 20


def test_more_medoids_than_texts_are_refused_with_both_numbers():
    with pytest.raises(DiversityError, match=r"9 texts .* has 5"):
        medoids(unit(np.eye(5)), 9, rng=np.random.default_rng(0))


def test_near_duplicates_of_earlier_or_labelled_texts_are_dropped_and_order_kept():
    X = unit(np.array([[1, 0, 0], [0, 1, 0], [1, 0.01, 0], [0, 0, 1], [0, 0.01, 1]]))
    assert suppress_near_duplicates(X, np.array([2, 1, 0, 3, 4])).tolist() == [2, 1, 3]
    assert suppress_near_duplicates(X, np.array([2, 1, 0, 3, 4]), against=X[[1]]).tolist() == [2, 3]


def test_no_two_kept_texts_are_near_duplicates_across_blocks():
    X, _ = clustered(40, 20, noise=0.03)
    kept = suppress_near_duplicates(X, np.random.default_rng(0).permutation(800))
    similar = X[kept] @ X[kept].T - np.eye(len(kept))
    assert similar.max() <= 0.951
    assert ((X @ X[kept].T).max(axis=1) > 0.95).all()  # and nothing was dropped without cause


@pytest.mark.parametrize(("n", "D"), [(5, 24), (300, 24), (300, 200)])
def test_what_repeats_is_found_whatever_way_it_is_looked_for(n, D):
    """Many wide rows are compared in few directions first: that may only spare, never miss."""
    rng = np.random.default_rng(0)
    against = unit(rng.normal(size=(n, D)))
    away = rng.uniform(0, 0.6, size=(3 * n, 1)) * unit(rng.normal(size=(3 * n, D)))
    X = np.concatenate([unit(np.tile(against, (3, 1)) + away), unit(rng.normal(size=(n, D)))])
    cosine = (X @ against.T).max(axis=1)
    found = repeating(X, against)
    assert np.array_equal(found, cosine > SAME_WORDING) and 0 < found.sum() < len(X)
    assert not repeating(X, against[:0]).any() and repeating(X[:0], against).shape == (0,)

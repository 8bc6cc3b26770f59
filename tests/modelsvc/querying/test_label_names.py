"""Names bring each label's texts forward and never take a text that stands for nothing."""

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.querying.diversity import medoids
from modelsvc.querying.label_names import cold_names, name_likeness
from modelsvc.querying.pool import Pool, StrategyError


def unit(X):
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def uneven(seed=0):
    """300 texts of three labels, 240, 50 and 10 of them, in groups of ten; names that point to the labels weakly."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], [240, 50, 10])
    label = unit(rng.normal(size=(3, 24)))
    groups = np.repeat(rng.normal(size=(30, 24)), 10, axis=0) / np.sqrt(24)
    X = unit(0.7 * label[y] + groups + 0.2 * rng.normal(size=(300, 24)) / np.sqrt(24))
    names = unit(label + 0.8 * rng.normal(size=(3, 24)) / np.sqrt(24))
    return Pool(X, None, X[:0], np.zeros((0, 3), np.uint8), False, ["A", "B", "C"], label_X=names), y


@pytest.mark.parametrize("seed", range(5))
def test_every_label_is_met_early_however_rare(seed):
    pool, y = uneven(seed)
    first = cold_names(pool, 9, np.random.default_rng(seed))
    assert set(y[first.rows].tolist()) == {0, 1, 2}
    assert first.reasons[0].endswith("and perhaps for A") and first.reasons[2].endswith("and perhaps for C")


def test_only_medoids_are_asked():
    pool, _ = uneven()
    spread = medoids(pool.X, 20 + 8, rng=np.random.default_rng(3), covered=pool.labelled_X)
    assert set(cold_names(pool, 20, np.random.default_rng(3)).rows.tolist()) <= set(spread.tolist())


def test_without_names_they_are_the_medoids_themselves():
    pool, _ = uneven()
    found = cold_names(replace(pool, label_X=None), 20, np.random.default_rng(3))
    assert np.array_equal(found.rows, medoids(pool.X, 20, rng=np.random.default_rng(3)))


def test_a_label_that_has_texts_waits_for_those_that_have_none():
    pool, _ = uneven()
    Y = np.eye(3, dtype=np.uint8)[[0, 0, 1]]
    reasons = cold_names(replace(pool, labelled_X=pool.X[:3], labelled_Y=Y), 3, np.random.default_rng(0)).reasons
    assert [reason[-1] for reason in reasons] == ["C", "B", "C"]


def test_a_name_near_to_every_text_speaks_for_none():
    X = unit(np.random.default_rng(0).normal(size=(50, 8)) + 2)
    everywhere, somewhere = unit(np.ones((1, 8))), X[:1]
    likeness = name_likeness(X, np.concatenate([everywhere, somewhere]))
    assert np.allclose(likeness.mean(axis=0), 0, atol=1e-4) and likeness[0].argmax() == 1


def test_names_that_do_not_fit_the_texts_are_refused():
    pool, _ = uneven()
    with pytest.raises(StrategyError, match=r"\(2, 24\).*\(3, 24\)"):
        replace(pool, label_X=pool.label_X[:2])

"""Distances of gradients are those of the outer products that are never built."""

import numpy as np
import pytest

from modelsvc.querying.badge import residuals, spread_draw


def unit(X):
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def some(N=40, C=3, D=5, seed=0):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(C, 0.5), size=N).astype(np.float32)
    return residuals(proba, None, multi_label=False), unit(rng.normal(size=(N, D)))


def test_distances_are_those_of_the_gradients_themselves():
    residual, X = some()
    gradient = (residual[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    rows, chances, distances = spread_draw(residual, X, 20, rng=np.random.default_rng(1))
    far = (gradient**2).sum(axis=1)
    left = np.ones(len(X), bool)
    for row, chance, distance in zip(rows, chances, distances, strict=True):
        assert distance == pytest.approx(far[row], abs=1e-5)
        assert chance == pytest.approx(far[row] / far[left].sum(), rel=1e-3)
        left[row] = False
        far = np.minimum(far, ((gradient - gradient[row]) ** 2).sum(axis=1))


def test_the_first_is_drawn_as_often_as_its_logged_chance_says():
    residual, X = some(N=4)
    drawn = [spread_draw(residual, X, 1, rng=np.random.default_rng(seed)) for seed in range(3000)]
    first = np.array([int(rows[0]) for rows, _, _ in drawn])
    for row in range(4):
        logged = [float(chances[0]) for rows, chances, _ in drawn if rows[0] == row]
        assert (first == row).mean() == pytest.approx(logged[0] if logged else 0, abs=0.03)


def test_a_residual_is_zero_where_the_head_is_sure_and_longest_where_it_is_not():
    sure, torn = residuals(np.array([[1, 0, 0], [0.5, 0.5, 0]], np.float32), None, multi_label=False)
    assert np.allclose(sure, 0) and np.allclose(torn, [-0.5, 0.5, 0])


def test_with_several_labels_the_residual_is_against_what_the_thresholds_decide():
    proba = np.array([[0.3, 0.3, 0.9]], np.float32)
    assert np.allclose(residuals(proba, None, multi_label=True), [[0.3, 0.3, -0.1]])
    assert np.allclose(
        residuals(proba, np.array([0.2, 0.5, 0.95], np.float32), multi_label=True), [[-0.7, 0.3, 0.9]], atol=1e-6
    )


def test_a_text_that_repeats_one_drawn_is_drawn_only_when_nothing_else_is_left():
    residual = np.tile(np.array([[-0.5, 0.5]], np.float32), (6, 1))
    X = np.eye(6, dtype=np.float32)[[0, 0, 0, 1, 1, 2]]
    for seed in range(20):
        rows, chances, _ = spread_draw(residual, X, 6, rng=np.random.default_rng(seed))
        assert len({tuple(X[row]) for row in rows[:3]}) == 3 and len(set(rows.tolist())) == 6
        assert chances[-1] == pytest.approx(1)

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from modelsvc.evaluation.rankings import compare_rankings

N, C = 60, 3


@pytest.fixture
def asked():
    rng = np.random.default_rng(1)
    Y = (rng.random((N, C)) < 0.2).astype(np.uint8)
    return Y, rng.normal(size=(N, C)).astype(np.float32), np.arange(N) % 2, np.ones((2, C), np.bool_)


def test_the_figure_is_scikit_learns_average_precision_over_labels_and_groups(asked):
    Y, scores, group, known = asked
    found = compare_rankings(scores, -scores, Y, group, known, seed=0)
    each = [
        average_precision_score(Y[group == g, c], sign * scores[group == g, c])
        for sign in (1, -1)
        for g in (0, 1)
        for c in range(C)
    ]
    assert found.examples == Y.sum()
    assert found.precision == pytest.approx(np.mean(each[:6]), abs=1e-6)
    assert found.precision_before == pytest.approx(np.mean(each[6:]), abs=1e-6)


def test_what_is_right_is_surely_not_worse_and_the_other_way_round_it_surely_is(asked):
    Y, scores, group, known = asked
    right = Y.astype(np.float32)
    assert compare_rankings(right, scores, Y, group, known, seed=0).p > 0.99
    assert compare_rankings(scores, right, Y, group, known, seed=0).p < 0.01


def test_two_equal_models_are_told_apart_by_nothing(asked):
    Y, scores, group, known = asked
    assert compare_rankings(scores, scores.copy(), Y, group, known, seed=0).p == 0.5


def test_exchanged_models_have_the_other_share(asked):
    Y, scores, group, known = asked
    other = np.random.default_rng(2).normal(size=(N, C)).astype(np.float32)
    there = compare_rankings(scores, other, Y, group, known, seed=0)
    back = compare_rankings(other, scores, Y, group, known, seed=0)
    assert there.p + back.p == pytest.approx(1)
    assert (there.precision, there.precision_before) == (back.precision_before, back.precision)


def test_scores_of_different_groups_are_never_compared(asked):
    """Each group has its own models, and one may be surer than the other of everything."""
    Y, scores, group, known = asked
    moved = scores + 100 * group[:, None].astype(np.float32)
    assert compare_rankings(moved, scores, Y, group, known, seed=0).p == 0.5


def test_a_label_that_a_groups_models_could_not_learn_is_not_asked_there(asked):
    Y, scores, group, known = asked
    known[0, 1] = False
    spoilt = scores.copy()
    spoilt[group == 0, 1] = 0
    found = compare_rankings(scores, spoilt, Y, group, known, seed=0)
    assert (found.examples, found.p) == (Y.sum() - Y[group == 0, 1].sum(), 0.5)


def test_without_an_example_nothing_is_known(asked):
    Y, scores, group, known = asked
    found = compare_rankings(scores, -scores, np.zeros_like(Y), group, known, seed=0)
    assert (found.examples, found.precision, found.p) == (0, 0.0, 0.5)

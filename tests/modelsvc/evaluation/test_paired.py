import numpy as np
import pytest

from modelsvc.evaluation.intervals import paired_worse
from modelsvc.evaluation.paired import compare_answers, resampled_no_better


def answers(n, *, finds_rare, seed=0):
    """(answers, truth): a common label always right; of a rare one this share is found."""
    rng = np.random.default_rng(seed)
    Y = np.stack([rng.random(n) < 0.5, rng.random(n) < 0.1], axis=1).astype(np.uint8)
    given = Y.copy()
    given[:, 1] *= np.random.default_rng(1).random(n) < finds_rare
    return given, Y


def test_with_one_label_it_is_mcnemars_test():
    rng = np.random.default_rng(0)
    Y = np.eye(3, dtype=np.uint8)[rng.integers(0, 3, 60)]
    new, before = (np.eye(3, dtype=np.uint8)[rng.integers(0, 3, 60)] for _ in range(2))
    found = compare_answers(new, before, Y, multi_label=False, seed=0)
    right, right_before = (new == Y).all(1), (before == Y).all(1)
    assert (found.right, found.right_before) == (right.sum(), right_before.sum())
    assert found.p == pytest.approx(paired_worse(right, right_before))


def test_a_model_that_loses_the_rare_label_is_worse_though_most_whole_answers_are_right():
    new, Y = answers(200, finds_rare=0.0)
    before, _ = answers(200, finds_rare=1.0)
    found = compare_answers(new, before, Y, multi_label=True, seed=0)
    assert found.right >= 170 and found.p < 0.02
    assert found.macro_f1 == pytest.approx(0.5) and found.macro_f1_before == 1


def test_a_model_that_gives_labels_that_are_not_there_is_worse():
    before, Y = answers(200, finds_rare=1.0)
    new = before.copy()
    new[:20, 1] = 1
    assert compare_answers(new, before, Y, multi_label=True, seed=0).p < 0.02


def test_equal_models_are_no_worse_and_a_better_one_is_neither():
    before, Y = answers(200, finds_rare=0.5)
    assert compare_answers(before, before, Y, multi_label=True, seed=0).p == 1
    assert compare_answers(Y, before, Y, multi_label=True, seed=0).p == 1
    assert resampled_no_better(Y, before, Y, seed=0) < 0.01


def test_without_a_text_nothing_speaks_for_either():
    none = np.zeros((0, 2), np.uint8)
    assert resampled_no_better(none, none, none, seed=0) == 0.5

"""Intervals against published and hand-computed values, and their laws."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.evaluation.evaluate import (
    EvaluationError,
    audit_report,
    bootstrap_macro_f1,
    macro_f1,
    paired_worse,
    wilson,
)
from modelsvc.evaluation.intervals import resampled_counts


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (85, 100, 0.767, 0.907),
        (21, 30, 0.521, 0.833),
        (70, 100, 0.604, 0.781),
        (700, 1000, 0.671, 0.728),
        (0, 10, 0.0, 0.278),
        (10, 10, 0.722, 1.0),
    ],
)
def test_wilson_equals_known_values(correct, n, low, high):
    interval = wilson(correct, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=6e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_wilson_holds_its_value_rises_with_it_and_narrows_with_n(pair):
    correct, n = pair
    here, up, more = wilson(correct, n), wilson(correct + 1, n), wilson(4 * correct, 4 * n)
    assert 0 <= here.low <= here.value <= here.high <= 1
    assert up.low >= here.low and up.high >= here.high
    assert more.high - more.low < here.high - here.low


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 60), resamples=st.integers(1, 50), block=st.integers(1, 400), seed=st.integers(0, 99))
def test_resamples_drawn_in_blocks_are_those_drawn_at_once(n, resamples, block, seed):
    at_once = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    drawn = list(resampled_counts(np.random.default_rng(seed), n, resamples, block=block))
    assert (np.concatenate(drawn) == at_once).all()
    assert all(part.size <= max(block, n) for part in drawn)


@pytest.mark.parametrize(("correct", "n"), [(0, 0), (5, 4), (-1, 4)])
def test_what_is_no_share_is_refused(correct, n):
    with pytest.raises(EvaluationError, match=f"{correct} correct of {n}"):
        wilson(correct, n)


def answers(seed, n=60, C=5, right=0.7):
    rng = np.random.default_rng(seed)
    y = rng.integers(C, size=n)
    guess = np.where(rng.random(n) < right, y, rng.integers(C, size=n))
    one = np.eye(C, dtype=np.uint8)
    return one[y], one[guess]


@pytest.mark.parametrize("seed", range(5))
def test_macro_f1_equals_scikit_learns_and_lies_in_its_interval(seed):
    from sklearn.metrics import f1_score

    true, pred = answers(seed)
    interval = bootstrap_macro_f1(true, pred, seed=0)
    assert interval.value == pytest.approx(f1_score(true.argmax(1), pred.argmax(1), average="macro"))
    assert interval.low <= interval.value <= interval.high
    assert interval == bootstrap_macro_f1(true, pred, seed=0)


def test_macro_f1_leaves_out_labels_that_never_occur():
    true = np.array([[1, 0, 0], [0, 1, 0]], np.uint8)
    assert macro_f1(true, true) == 1.0
    assert macro_f1(true, true[::-1]) == 0.0
    assert macro_f1(true * 0, true * 0) == 0.0


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        (0, 0, 0.5),
        (0, 1, 0.25),  # .5 * (1/2)
        (0, 5, 1 / 64),  # .5 * (1/2)^5
        (1, 4, (1 + 2.5) / 32),  # (1 + .5 * 5) / 2^5
        (5, 0, 1 - 1 / 64),
        (3, 3, 0.5),
    ],
)
def test_mcnemars_mid_p_equals_the_hand_computed(only_a, only_b, p):
    a = np.array([True] * only_a + [False] * only_b + [True, False], np.bool_)
    b = np.array([False] * only_a + [True] * only_b + [True, False], np.bool_)
    assert paired_worse(a, b) == pytest.approx(p)
    assert paired_worse(a, b) + paired_worse(b, a) == pytest.approx(1)


def test_models_on_different_texts_are_not_compared():
    with pytest.raises(EvaluationError, match="3 answers against 2"):
        paired_worse(np.ones(3, np.bool_), np.ones(2, np.bool_))


def test_the_report_counts_every_label_and_is_plain_json():
    true = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], np.uint8)
    pred = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]], np.uint8)
    report = audit_report(true, pred, multi_label=False, seed=0)
    first, second, third = report.per_label
    assert (report.n, report.accuracy, report.micro_f1) == (4, wilson(3, 4), wilson(3, 4))
    assert (first.support, first.predicted, first.precision.value, first.recall.value) == (2, 1, 1.0, 0.5)
    assert (second.support, second.predicted, second.f1.value) == (2, 3, 0.8)
    assert (third.support, third.predicted, third.precision, third.recall, third.f1) == (0, 0, None, None, None)
    assert json.loads(json.dumps(report.to_dict()))["per_label"][2]["f1"] is None


def test_with_several_labels_accuracy_is_the_share_of_whole_sets():
    true = np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0]], np.uint8)
    pred = np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0]], np.uint8)
    report = audit_report(true, pred, multi_label=True, seed=0)
    assert report.accuracy.value == pytest.approx(2 / 3)
    assert report.micro_f1.value == pytest.approx(0.8)


def test_an_empty_audit_and_an_impossible_answer_are_refused():
    none = np.zeros((0, 3), np.uint8)
    with pytest.raises(EvaluationError, match="with rows"):
        audit_report(none, none, multi_label=False, seed=0)
    two = np.array([[1, 1, 0]], np.uint8)
    with pytest.raises(EvaluationError, match="exactly 1"):
        audit_report(two, two, multi_label=False, seed=0)

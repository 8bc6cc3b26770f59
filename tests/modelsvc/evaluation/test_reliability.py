"""Confidence against being right: bins, the calibration error, and how surely it is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.evaluation.intervals import EvaluationError
from modelsvc.evaluation.reliability import A_BIN, MOST_BINS, equal_mass, of_answers, reliability


def drawn(n: int, *, too_sure: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers whose confidence is `too_sure` above the chance of being right."""
    rng = np.random.default_rng(seed)
    confidence = rng.beta(4, 1.2, n)
    return confidence, rng.random(n) < np.clip(confidence - too_sure, 0, 1)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=400))
@settings(max_examples=60, deadline=None)
def test_bins_follow_the_confidence_and_lose_nothing(values: list[float]) -> None:
    confidence = np.array(values)
    at = equal_mass(confidence)
    assert sorted(set(at.tolist())) == list(range(at.max() + 1)) and at.max() < MOST_BINS
    assert (np.diff(at[np.argsort(confidence, kind="stable")]) >= 0).all()
    for value in set(values):
        assert len(set(at[confidence == value].tolist())) == 1


@pytest.mark.parametrize(("n", "bins"), [(1, 1), (29, 1), (30, 2), (100, 6), (150, 10), (5000, 10)])
def test_bins_grow_with_the_answers_and_hold_equally_many(n: int, bins: int) -> None:
    sizes = np.bincount(equal_mass(np.linspace(0, 1, n)))
    assert len(sizes) == bins and sizes.max() - sizes.min() <= 1 and (n < A_BIN or sizes.min() >= A_BIN)


def test_the_error_is_the_mean_distance_of_confidence_and_share_right() -> None:
    confidence = np.repeat([0.6, 0.9], 20)
    right = np.concatenate([np.arange(20) < 8, np.arange(20) < 20])  # 40 % and 100 %
    found = reliability(confidence, right, np.arange(40), seed=7)
    assert found.error.value == pytest.approx((0.2 + 0.1) / 2)
    assert [(one.n, one.confidence, one.right.value) for one in found.bins] == [
        (20, pytest.approx(0.6), 0.4),
        (20, pytest.approx(0.9), 1.0),
    ]


def test_the_same_seed_gives_the_same_figures() -> None:
    confidence, right = drawn(80, too_sure=0.1, seed=3)
    assert reliability(confidence, right, np.arange(80), seed=7) == reliability(
        confidence, right, np.arange(80), seed=7
    )


@pytest.mark.parametrize(("n", "too_sure"), [(60, 0.0), (60, 0.15), (200, 0.0), (200, 0.05), (200, 0.15)])
def test_the_interval_holds_the_true_error_in_ninety_of_a_hundred_projects(n: int, too_sure: float) -> None:
    held = 0
    pool = np.random.default_rng(0).beta(4, 1.2, 100_000)
    for seed in range(60):
        confidence, right = drawn(n, too_sure=too_sure, seed=seed)
        found = reliability(confidence, right, np.arange(n), seed=seed)
        edges = [one.low for one in found.bins[1:]]
        at = np.searchsorted(edges, pool, side="right")
        true = np.abs(np.bincount(at, np.clip(pool - too_sure, 0, 1) - pool)).sum() / len(pool)
        held += found.error.low <= true <= found.error.high
    assert held >= 54


def test_a_model_that_is_as_sure_as_it_may_be_is_not_accused() -> None:
    accused = 0
    for seed in range(60):
        confidence, right = drawn(100, too_sure=0.0, seed=seed)
        found = reliability(confidence, right, np.arange(100), seed=seed)
        accused += found.error.low > 0
    assert accused <= 7


def test_answers_about_one_text_are_drawn_together() -> None:
    """Forty answers about four texts say less than forty about forty."""
    confidence, right = np.full(40, 0.5), np.repeat([True, False, True, True], 10)
    few = reliability(confidence, right, np.repeat(np.arange(4), 10), seed=7).error
    many = reliability(confidence, right, np.arange(40), seed=7).error
    assert few.value == many.value and few.high > many.high


def test_of_one_label_a_text_the_answer_counts_and_of_several_each_likely_label() -> None:
    proba = np.array([[0.7, 0.3], [0.04, 0.96]], np.float32)
    answers = np.array([[1, 0], [0, 1]], np.uint8)
    one = of_answers(proba, answers, answers, multi_label=False, seed=7)
    several = of_answers(proba, answers, answers, multi_label=True, seed=7)
    assert one is not None and one.n == 2 and one.bins[0].right.value == 1
    assert several is not None and several.n == 3 and several.bins[0].right.value == pytest.approx(2 / 3)
    nothing = np.zeros((2, 2), np.float32)
    assert of_answers(nothing, answers, answers, multi_label=True, seed=7) is None


def test_numbers_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(EvaluationError, match="one of each an answer"):
        reliability(np.array([0.5]), np.array([True, False]), np.array([0]), seed=7)

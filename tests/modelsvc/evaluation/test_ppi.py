"""A share from few texts and a model's word about all: laws, limits, and simulations with known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelsvc.evaluation.intervals import EvaluationError, wilson
from modelsvc.evaluation.ppi import Proxy, confidence, tightened_share


@given(
    st.integers(1, 80).flatmap(
        lambda n: st.tuples(
            st.lists(st.booleans(), min_size=n, max_size=n), st.lists(st.floats(0, 1), min_size=n, max_size=n)
        )
    ),
    st.integers(0, 500),
    st.floats(0, 1),
)
def test_whatever_the_model_says_the_interval_holds_its_own_value_within_0_and_1(
    rows: tuple[list[bool], list[float]], more: int, mean: float
) -> None:
    truth, proxy = np.array(rows[0]), np.array(rows[1])
    found = tightened_share(truth, proxy, Proxy(len(truth) + more, mean, 0.1))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_model_that_knows_nothing_changes_next_to_nothing() -> None:
    truth = np.arange(100) < 70
    constant = np.full(100, 0.5)
    found, plain = tightened_share(truth, constant, Proxy(10_000, 0.5, 0.0)), wilson(70, 100)
    assert found.value == pytest.approx(plain.value, abs=1e-9)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=0.005)


def test_a_model_that_is_always_right_narrows_the_interval_to_its_limit() -> None:
    truth = np.arange(100) < 70
    found = tightened_share(truth, truth.astype(float), Proxy(10_000, 0.7, 0.21))
    assert found.value == pytest.approx(0.7, abs=1e-6)
    assert found.high - found.low < 0.55 * (wilson(70, 100).high - wilson(70, 100).low)


def test_when_every_text_was_read_the_pool_s_share_is_the_one_counted() -> None:
    truth = np.arange(100) < 30
    assert tightened_share(truth, truth * 0.9, Proxy(100, 0.27, 0.1), texts=100) == wilson(30, 100)


@pytest.mark.parametrize("holds", [0, 4, 96, 100])
def test_below_five_texts_of_either_kind_nothing_is_tightened(holds: int) -> None:
    truth = np.arange(100) < holds
    assert tightened_share(truth, truth * 0.9, Proxy(5_000, 0.5, 0.2)) == wilson(holds, 100)


@pytest.mark.parametrize(("texts", "predictions"), [(0, 0), (3, 2)])
def test_answers_and_predictions_must_go_together(texts: int, predictions: int) -> None:
    with pytest.raises(EvaluationError, match=f"{texts} answers and {predictions} predictions"):
        tightened_share(np.ones(texts, bool), np.ones(predictions), Proxy(10, 0.5, 0.1))


@pytest.mark.parametrize("too_sure", [0.0, 0.15])
def test_in_a_thousand_pools_the_interval_holds_the_truth_and_is_narrower(too_sure: float) -> None:
    """Also of a model whose confidence is 15 points too high everywhere."""
    rng = np.random.default_rng(1)
    held, narrower = 0, []
    for _ in range(1000):
        p = rng.beta(4, 1, 3000)
        right, said = rng.random(3000) < p, np.minimum(1, p + too_sure)
        found = tightened_share(right[:100], said[:100], Proxy.of(said))
        held += found.low <= 0.8 <= found.high
        plain = wilson(int(right[:100].sum()), 100)
        narrower.append((found.high - found.low) / (plain.high - plain.low))
    assert 930 <= held <= 975
    assert np.mean(narrower) < 0.96


def test_confidence_is_the_probability_of_the_whole_answer() -> None:
    proba = np.array([[0.7, 0.3], [0.2, 0.9]], np.float32)
    decided = np.array([[1, 0], [0, 1]], np.uint8)
    assert confidence(proba, decided, multi_label=False) == pytest.approx([0.7, 0.9])
    assert confidence(proba, decided, multi_label=True) == pytest.approx([0.49, 0.72])

"""Between logits, probabilities and answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.special import log_softmax as scipy_log_softmax
from scipy.special import softmax as scipy_softmax

from modelsvc.links import COARSE, TEMPERATURES, likeliest, log_losses, one_hot, sigmoid, softmax, tempered

LOGITS = np.random.default_rng(0).normal(0, 40, (50, 4)).astype(np.float32)
TRUTH = np.random.default_rng(1).integers(0, 4, 50)


def test_softmax_sums_to_one_over_the_last_axis_and_never_overflows() -> None:
    assert softmax(LOGITS) == pytest.approx(scipy_softmax(LOGITS, axis=1), abs=1e-6)
    assert softmax(np.stack([LOGITS, -LOGITS]))[1] == pytest.approx(softmax(-LOGITS))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_sigmoid_keeps_the_precision_it_was_given(kind: type) -> None:
    logits = np.array([-1e4, -3, 0, 3, 1e4], kind)
    assert sigmoid(logits).dtype == kind
    assert sigmoid(logits) == pytest.approx(expit(logits), abs=1e-6)


def test_the_likeliest_label_is_the_answer() -> None:
    assert likeliest(np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]], np.float32)).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert one_hot(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_each_row_loses_the_logarithm_of_what_its_label_was_given() -> None:
    expected = -scipy_log_softmax(LOGITS.astype(np.float64), axis=1)[np.arange(50), TRUTH]
    assert log_losses(LOGITS, TRUTH) == pytest.approx(expected, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("grid", [TEMPERATURES, COARSE])
def test_the_temperature_is_the_one_of_the_grid_with_the_least_loss(grid: np.ndarray) -> None:
    each = [log_losses((LOGITS / t).astype(np.float32), TRUTH).sum() for t in grid]
    temperature, losses = tempered(LOGITS, TRUTH, grid)
    assert temperature == grid[int(np.argmin(each))]
    assert losses.sum() == pytest.approx(min(each))

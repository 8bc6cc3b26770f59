"""Between logits, probabilities and answers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.special import expit
from scipy.special import log_softmax as scipy_log_softmax
from scipy.special import softmax as scipy_softmax

from modelsvc.heads.links import COARSE, TEMPERATURES, likeliest, log_losses, one_hot, sigmoid, softmax, tempered

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


class TestATemperatureByFewRows:
    """Rows of logits that are `sure` times as sure as they should be: what is lost on other rows of their kind."""

    @staticmethod
    @cache
    def losses(n: int, sure: float) -> tuple[float, float, float]:
        """Over 25 draws of n rows, the mean loss by the temperature that suits them best and by that drawn towards 1.
        And by 1."""
        rng = np.random.default_rng([n, int(10 * sure)])
        logits = rng.normal(0, 4, (800 + 25 * n, 4)).astype(np.float32)
        truth = (softmax(logits.copy()).cumsum(axis=1) > rng.random((len(logits), 1))).argmax(axis=1)
        logits *= np.float32(sure)
        lost = {float(t): log_losses(logits[:800] / np.float32(t), truth[:800]).mean() for t in TEMPERATURES}
        draws = np.arange(800, len(logits)).reshape(25, n)

        def mean(expected: float | None) -> float:
            found = [tempered(logits[few], truth[few], TEMPERATURES, expected=expected)[0] for few in draws]
            return float(np.mean([lost[t] for t in found]))

        return mean(None), mean(1.0), float(log_losses(logits[:800], truth[:800]).mean())

    @pytest.mark.parametrize("n", [10, 20, 40, 100])
    @pytest.mark.parametrize("sure", [0.5, 1.0, 2.0])
    def test_drawn_towards_what_is_expected_it_is_nowhere_behind_that_of_the_rows_alone(
        self, n: int, sure: float
    ) -> None:
        alone, drawn, _ = self.losses(n, sure)
        assert drawn < alone + 0.01

    @pytest.mark.parametrize("n", [10, 20])
    def test_of_an_honest_head_few_rows_spoil_less_than_half_as_much(self, n: int) -> None:
        alone, drawn, honest = self.losses(n, 1.0)
        assert drawn - honest < (alone - honest) / 2

    def test_forty_rows_mend_a_head_that_is_twice_too_sure(self) -> None:
        _, drawn, untouched = self.losses(40, 2.0)
        assert drawn < untouched - 0.03


def test_rows_that_say_nothing_leave_the_temperature_where_it_is_expected() -> None:
    flat = np.zeros((20, 4), np.float32)
    for expected in (TEMPERATURES[10], TEMPERATURES[50]):
        assert tempered(flat, TRUTH[:20], TEMPERATURES, expected=expected)[0] == expected

"""The learning curve's law: found where it rules, wide where the points say little, refused where it does not rule."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.evaluation.forecast import CALIBRATION, Points, back_test, evaluated, forecast, point

LABELS = np.round(100 * 1.07 ** np.arange(20))


def points(share: np.ndarray, sd: float = 0.02) -> Points:
    return Points(LABELS[: len(share)], LABELS[: len(share)] / 4, share, np.full(len(share), sd**2))


@given(st.floats(0.7, 1.0), st.floats(0.5, 3.0), st.floats(0.2, 1.2))
@settings(max_examples=40)
def test_a_curve_that_follows_a_law_is_foretold(a: float, b: float, c: float) -> None:
    truth = evaluated(np.array([a, b, c]), LABELS)
    if truth.min() <= 0:
        return
    found = forecast(points(truth, sd=0.005), seed=0)
    assert found is not None and found.passed
    assert evaluated(np.array(found.best), 2 * LABELS[-1:]) == pytest.approx(
        evaluated(np.array([a, b, c]), 2 * LABELS[-1:]), abs=0.04
    )


def test_every_curve_keeps_within_its_bounds() -> None:
    rng = np.random.default_rng(0)
    found = forecast(points(np.clip(rng.normal(0.8, 0.1, 20), 0, 1), sd=0.1), seed=0)
    assert found is not None
    for a, b, c in [found.best, *found.drawn]:
        assert 0 < a <= 1 and b >= 0 and 0.1 <= c <= 2


def test_a_jump_that_no_law_foretells_fails_the_back_test() -> None:
    share = np.where(np.arange(20) < 14, 0.6, 0.9)
    found = forecast(points(share), seed=0)
    assert found is not None and not found.passed and found.miss > 0.2


def test_the_back_test_asks_only_the_points_before() -> None:
    truth = evaluated(np.array([0.95, 2.0, 0.5]), LABELS)
    moved = np.concatenate([truth[:14], truth[14:] - 0.05])
    assert back_test(points(moved, sd=0.005)) == pytest.approx(0.05, abs=0.015)


def test_five_points_are_too_few() -> None:
    assert forecast(points(np.full(5, 0.8)), seed=0) is None


@pytest.mark.parametrize(("growth", "is_made"), [(1.04, False), (1.14, False), (1.15, True)])
def test_six_points_must_span_twice_the_labels(growth: float, is_made: bool) -> None:
    labels = np.round(300 * growth ** np.arange(6))
    found = forecast(Points(labels, labels / 3, np.full(6, 0.8), np.full(6, 0.02**2)), seed=0)
    assert (found is not None) == is_made


@pytest.mark.parametrize(("share", "fell"), [(np.linspace(0.80, 0.77, 12), True), (np.full(12, 0.8), False)])
def test_a_curve_that_falls_has_no_forecast_however_well_it_is_foretold(share: np.ndarray, fell: bool) -> None:
    found = forecast(points(share), seed=0)
    assert found is not None and found.miss < 0.03 and (found.fell, found.passed) == (fell, not fell)


@given(st.lists(st.floats(0.0, 1.0), min_size=6, max_size=30), st.floats(0.01, 0.1))
@settings(max_examples=60)
def test_whatever_the_points_the_curves_are_curves_of_accuracy(share: list[float], sd: float) -> None:
    labels = np.round(60 * 1.16 ** np.arange(len(share)))
    found = forecast(Points(labels, labels / 3, np.array(share), np.full(len(share), sd**2)), seed=0)
    assert found is not None and len(found.drawn) == 100 and found.best in found.drawn
    values = evaluated(np.array(found.drawn), labels[-1] * np.linspace(1, 2, 9))
    assert (np.diff(values) >= -1e-12).all() and (values <= 1).all()


def test_a_rise_of_a_few_points_is_not_taken_for_the_law() -> None:
    """Errors of near models go together: one good stretch may be the models', so that the band stays wide."""
    share = np.concatenate([np.full(12, 0.80), np.linspace(0.80, 0.84, 8)])
    found = forecast(points(share, sd=0.025), seed=0)
    assert found is not None
    low, high = np.quantile(evaluated(np.array(found.drawn), 2 * LABELS[-1:]), [0.025, 0.975])
    assert high - low > 0.08


def test_in_two_hundred_curves_the_band_holds_what_twice_the_labels_bring() -> None:
    held, law = 0, np.array([0.92, 2.2, 0.5])
    audit = LABELS / 4
    correlation = np.sqrt(np.minimum.outer(audit, audit) / np.maximum.outer(audit, audit))
    truth, goal = evaluated(law, LABELS), evaluated(law, 2 * LABELS[-1:])[0]
    for seed in range(200):
        errors = np.random.default_rng(seed).multivariate_normal(np.zeros(20), 0.02**2 * correlation)
        found = forecast(points(truth + errors), seed=seed)
        assert found is not None
        low, high = np.quantile(evaluated(np.array(found.drawn), 2 * LABELS[-1:]), [0.025, 0.975])
        held += low <= goal <= high
    assert held >= 180


def test_the_gain_of_more_labels_is_that_of_the_curves() -> None:
    found = forecast(points(evaluated(np.array([0.9, 2.0, 0.5]), LABELS)), seed=0)
    assert found is not None
    best, low, high = found.gain(50)
    ends = evaluated(np.array([0.9, 2.0, 0.5]), np.array([LABELS[-1], LABELS[-1] + 50]))
    assert best == pytest.approx(ends[1] - ends[0], abs=0.002)
    assert 0 <= low <= best <= high


def test_it_is_kept_as_plain_numbers_and_repeats_itself() -> None:
    share = evaluated(np.array([0.9, 2.0, 0.5]), LABELS)
    once, again = (forecast(points(share), seed=4) for _ in range(2))
    assert once is not None and again is not None
    assert json.dumps(once.to_dict()) == json.dumps(again.to_dict())


AS_SURE_AS_THE_MODEL = round(0.16 / CALIBRATION**2)  # audit texts whose noise is that of the model's confidence


@pytest.mark.parametrize(
    ("audit", "value", "sd"),
    [(10_000, 0.700, 0.004), (1, 0.8, CALIBRATION), (AS_SURE_AS_THE_MODEL, 0.75, CALIBRATION / 2**0.5)],
)
def test_a_point_leans_on_the_model_until_the_audit_knows_better(audit: int, value: float, sd: float) -> None:
    found, variance = point(0.8, -0.1, 0.16, audit)
    assert found == pytest.approx(value, abs=0.003)
    assert variance**0.5 == pytest.approx(sd, abs=0.001)

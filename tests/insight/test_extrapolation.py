"""Numbers that follow from stored curves: laws and tables."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.insight.extrapolation import band_at, labels_to, needed, quantile, value_at

CURVES = st.tuples(st.floats(0.5, 1.0), st.floats(0.1, 5.0), st.floats(0.1, 2.0))


@given(CURVES, st.floats(0.05, 0.95))
def test_the_curve_stands_at_its_target_where_it_meets_it(curve: tuple[float, float, float], target: float) -> None:
    labels = labels_to(curve, target)
    if labels < inf:
        assert value_at(curve, labels) == pytest.approx(target, abs=1e-6)
    else:
        assert target >= curve[0] or curve[2] < 0.2


@given(st.lists(CURVES, min_size=1, max_size=40), st.floats(0.05, 0.95), st.floats(0, 0.04), st.integers(1, 1000))
def test_more_is_asked_for_a_higher_target_and_never_less_than_there_is(
    drawn: list[tuple[float, float, float]], target: float, higher: float, now: int
) -> None:
    one, other = needed(drawn, target, now=now), needed(drawn, target + higher, now=now)
    assert now <= one.low <= one.labels <= one.high
    assert one.labels <= other.labels


@pytest.mark.parametrize(
    ("drawn", "target", "is_sure", "labels"),
    [
        ([(0.95, 2.0, 0.5)] * 100, 0.85, True, 400),
        ([(0.95, 2.0, 0.5)] * 100, 0.90, False, 1600),  # beyond twice the 300 labels there are
        ([(0.95, 2.0, 0.5)] * 49 + [(0.80, 2.0, 0.5)] * 51, 0.85, False, inf),
        ([(0.95, 2.0, 0.5)] * 69 + [(0.80, 2.0, 0.5)] * 31, 0.85, False, 400),
        ([(0.95, 2.0, 0.5)] * 70 + [(0.80, 2.0, 0.5)] * 30, 0.85, True, 400),
    ],
)
def test_a_number_is_named_where_most_curves_agree_and_it_is_near(
    drawn: list[tuple[float, float, float]], target: float, is_sure: bool, labels: float
) -> None:
    found = needed(drawn, target, now=300)
    assert (found.is_sure, found.labels) == (is_sure, pytest.approx(labels))


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([3, 1, inf, 2], share) for share in (0, 0.25, 0.5, 0.75, 1)] == [1, 1, 2, 3, inf]


def test_a_flat_curve_meets_what_lies_below_it_at_once() -> None:
    assert (labels_to((0.9, 0.0, 0.5), 0.8), labels_to((0.9, 0.0, 0.5), 0.9)) == (0, inf)
    assert band_at([(0.9, 0.0, 0.5)], 10) == (0.9, 0.9)

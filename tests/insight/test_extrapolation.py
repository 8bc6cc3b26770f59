"""Numbers that follow from stored curves: laws and tables."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.insight.extrapolation import FACTOR, HORIZON, band_at, farthest, labels_to, needed, quantile, value_at

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


@given(st.lists(CURVES, min_size=1, max_size=40), st.floats(0.05, 0.95), st.integers(1, 1000))
def test_the_number_named_is_one_that_six_in_ten_curves_are_near_to(
    drawn: list[tuple[float, float, float]], target: float, now: int
) -> None:
    found = needed(drawn, target, now=now)
    if found.named is None:
        return
    near = [found.named / FACTOR <= max(now, labels_to(curve, target)) <= found.named * FACTOR for curve in drawn]
    assert sum(near) >= 0.6 * len(drawn) and now < found.named <= HORIZON * now * 1.001
    assert not found.is_far


AT_400, NEVER = (0.95, 2.0, 0.5), (0.80, 2.0, 0.5)  # labels to .85


@pytest.mark.parametrize(
    ("drawn", "target", "named", "is_far"),
    [
        ([AT_400] * 100, 0.85, 400, False),
        ([AT_400] * 100, 0.90, None, True),  # 1,600: beyond twice the 300 labels there are
        ([AT_400] * 49 + [NEVER] * 51, 0.85, None, False),
        ([AT_400] * 59 + [NEVER] * 41, 0.85, None, False),
        ([AT_400] * 60 + [NEVER] * 40, 0.85, 400, False),
        ([AT_400] * 16 + [NEVER] * 84, 0.85, None, False),
        ([AT_400] * 15 + [NEVER] * 85, 0.85, None, True),
        ([AT_400] * 100, 0.83, None, False),  # it is there already
    ],
)
def test_a_number_is_named_where_most_curves_agree_and_it_is_near(
    drawn: list[tuple[float, float, float]], target: float, named: float | None, is_far: bool
) -> None:
    found = needed(drawn, target, now=300)
    assert (found.named, found.is_far) == (None if named is None else pytest.approx(named), is_far)


def test_a_number_near_the_middle_gives_way_to_one_that_more_curves_are_near_to() -> None:
    # Half are there at 300, the others need 480 to 560: 310 would be within a factor of 1.5 of few of these.
    drawn = [(0.90, 0.0, 0.5)] * 48 + [(0.85 + 2 * labels**-0.5, 2.0, 0.5) for labels in range(310, 562, 5)]
    found = needed(drawn, 0.85, now=300)
    assert found.labels < 330 and found.named is not None and 370 <= found.named <= 450


def test_the_farthest_target_is_the_last_that_a_number_can_be_named_for() -> None:
    drawn = [AT_400] * 100  # .835 at 300 labels, .868 at 600
    found = farthest(drawn, 0.835, now=300)
    assert found is not None
    target, asked = found
    assert target == 86 and asked.named == pytest.approx(494, abs=1)
    assert needed(drawn, 0.87, now=300).named is None
    assert farthest([(0.84, 0.1, 0.5)] * 100, 0.835, now=300) is None


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([3, 1, inf, 2], share) for share in (0, 0.25, 0.5, 0.75, 1)] == [1, 1, 2, 3, inf]


def test_a_flat_curve_meets_what_lies_below_it_at_once() -> None:
    assert (labels_to((0.9, 0.0, 0.5), 0.8), labels_to((0.9, 0.0, 0.5), 0.9)) == (0, inf)
    assert band_at([(0.9, 0.0, 0.5)], 10) == (0.9, 0.9)

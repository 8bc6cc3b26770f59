"""Shares of counts: the intervals of the books, and their laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.proportions import Share, gap


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (Wilson's score without continuity correction).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_newcombes_table(hits, n, low, high):
    share = Share(hits, n)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10.
    [
        (Share(56, 70), Share(48, 80), 0.0524, 0.3339),
        (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
        (Share(5, 56), Share(0, 29), -0.0381, 0.1926),
    ],
)
def test_the_difference_of_two_shares_is_that_of_newcombes_table(one, other, low, high):
    found = gap(one, other)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_of_nothing_nothing_is_known():
    assert (Share(0, 0).low, Share(0, 0).high, Share(0, 0).value) == (0, 1, 0)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_lies_in_its_interval_and_the_interval_between_0_and_1(counts):
    share = Share(*counts)
    assert 0 <= share.low <= share.value + 1e-12 and share.value - 1e-12 <= share.high <= 1

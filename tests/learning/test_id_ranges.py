"""Ids packed into ranges and read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.learning.id_ranges import pack, unpack


@given(st.lists(st.integers(0, 500)))
def test_what_is_packed_is_read_again_in_order(ids: list[int]) -> None:
    assert unpack(pack(ids)) == sorted(set(ids))


@pytest.mark.parametrize(
    ("ids", "ranges"), [([], ""), ([0], "0"), ([3, 1, 2], "1-3"), ([1, 2, 4, 9, 8, 7], "1-2,4,7-9")]
)
def test_runs_become_ranges(ids: list[int], ranges: str) -> None:
    assert pack(ids) == ranges


def test_a_hundred_thousand_labels_in_a_row_take_a_few_characters() -> None:
    assert pack(range(1, 100_001)) == "1-100000"

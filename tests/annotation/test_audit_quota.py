import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.annotation.audit import audit_is_due, audit_threshold, quota


@pytest.mark.parametrize(
    ("texts", "audit"),
    [
        (0, 0),
        (2, 0),
        (3, 1),
        (5, 1),
        (6, 2),
        (119, 39),
        (120, 40),
        (124, 40),
        (125, 41),
        (420, 100),
        (429, 100),
        (430, 101),
    ],
)
def test_the_quota_is_a_third_then_a_fifth_then_a_tenth(texts, audit):
    assert quota(texts) == audit


@given(st.integers(0, 5000))
def test_the_quota_grows_by_one_at_most_and_never_shrinks(texts):
    assert quota(texts + 1) - quota(texts) in (0, 1)


@given(st.integers(1, 1200))
def test_asking_before_every_text_yields_exactly_the_quota(texts):
    audit = 0
    for served in range(texts):
        audit += audit_is_due(served, audit)
    assert audit == quota(texts)


@given(st.integers(0, 600), st.integers(0, 600))
def test_a_shortfall_is_made_up_at_once(texts, missing):
    audit = max(0, quota(texts) - 1 - missing)
    if audit < quota(texts):
        assert audit_is_due(texts, audit)


@pytest.mark.parametrize(
    ("pool", "threshold"), [(0, 0.5), (1, 0.5), (300, 0.5), (500, 0.3), (750, 0.2), (10_000, 0.2), (1_000_000, 0.2)]
)
def test_the_reserve_is_a_fifth_of_a_large_pool_and_at_most_half_of_a_small_one(pool, threshold):
    assert audit_threshold(pool) == pytest.approx(threshold)


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_the_reserve_never_takes_in_new_texts_when_the_pool_grows(pool, more):
    assert audit_threshold(pool + more) <= audit_threshold(pool)

"""Numbers in sentences follow the page's language."""

from __future__ import annotations

import pytest
from django.utils import translation

from labeller.numerals import decimal, hundredths, in_100, whole


@pytest.mark.parametrize(
    ("language", "count", "share", "large", "negative"),
    [("en", "12,345", "0.05", "1,234.6", "−0.5"), ("de", "12.345", "0,05", "1.234,6", "−0,5")],
)
def test_a_number_is_grouped_and_pointed_as_the_language_does(language, count, share, large, negative):
    with translation.override(language):
        assert (whole(12345), decimal(0.05, 2)) == (count, share)
        assert (decimal(1234.56, 1), decimal(-0.5, 1)) == (large, negative)


def test_less_than_nothing_has_a_minus_sign_and_what_rounds_to_nothing_none():
    assert (whole(-1200), decimal(-11.4, 1), decimal(-0.04, 1)) == ("−1,200", "−11.4", "0.0")


def test_small_numbers_have_no_group():
    with translation.override("de"):
        assert (whole(0), whole(999), whole(1000)) == ("0", "999", "1.000")


@pytest.mark.parametrize(
    ("share", "in_hundred", "as_decimal"),
    [
        (0.857, "86", "0.86"),
        (299 / 300, "99.7", "0.997"),
        (0.99999, "99.9", "0.999"),
        (1.0, "100", "1.00"),
        (0.0, "0", "0.00"),
        (1 / 300, "0.3", "0.003"),
        (0.00001, "0.1", "0.001"),
    ],
)
def test_a_share_is_called_all_or_none_only_where_it_is(share: float, in_hundred: str, as_decimal: str) -> None:
    assert (in_100(share), hundredths(share)) == (in_hundred, as_decimal)

"""Numbers in sentences follow the page's language."""

from __future__ import annotations

import pytest
from django.utils import translation

from labeller.numerals import decimal, whole


@pytest.mark.parametrize(
    ("language", "count", "share", "large", "negative"),
    [("en", "12,345", "0.05", "1,234.6", "-0.5"), ("de", "12.345", "0,05", "1.234,6", "-0,5")],
)
def test_a_number_is_grouped_and_pointed_as_the_language_does(language, count, share, large, negative):
    with translation.override(language):
        assert (whole(12345), decimal(0.05, 2)) == (count, share)
        assert (decimal(1234.56, 1), decimal(-0.5, 1)) == (large, negative)


def test_small_numbers_have_no_group():
    with translation.override("de"):
        assert (whole(0), whole(999), whole(1000)) == ("0", "999", "1.000")

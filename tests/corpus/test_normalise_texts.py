"""When two texts are one, and the number a text draws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.corpus.normalise import draw, normalise, text_hash


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("We may  change\nthis", " we MAY change this ", True),
        ("\ufb01nal", "final", True),  # a ligature
        ("Straße", "STRASSE", True),
        ("e\u0301t\u00e9", "\u00e9te\u0301", True),  # composed and not
        ("We may change this", "We may change this.", False),
        ("", " \u2003 ", True),
    ],
)
def test_case_spacing_and_composition_make_no_difference(one: str, other: str, same: bool) -> None:
    assert (text_hash(one) == text_hash(other)) is same


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_draws_are_fixed_by_seed_and_text_and_look_uniform() -> None:
    draws = [draw(7, text_hash(f"text {n}")) for n in range(4000)]
    assert draws == [draw(7, text_hash(f"text {n}")) for n in range(4000)]
    assert draws != [draw(8, text_hash(f"text {n}")) for n in range(4000)]
    assert all(0 <= value < 1 for value in draws)
    # 4,000 uniform draws: each tenth holds 400 with a standard deviation of 19; five of those are allowed.
    counts = [sum(1 for value in draws if low <= value * 10 < low + 1) for low in range(10)]
    assert all(abs(count - 400) < 95 for count in counts)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.projects.colours import DARK_GROUND, LIGHT_GROUND, PALETTE, contrast, next_colour, readable, stylesheet

ANY_COLOUR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#123456", "#123456", 1.0)]
)
def test_contrast_is_the_published_ratio(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@given(ANY_COLOUR, st.sampled_from([LIGHT_GROUND, DARK_GROUND]))
def test_any_colour_is_made_readable_on_both_grounds(colour, ground):
    assert contrast(readable(colour, ground), ground) >= 4.5


@pytest.mark.parametrize("colour", PALETTE)
@pytest.mark.parametrize("ground", ["#ffffff", "#1d1f25"])
def test_every_colour_of_the_palette_shows_on_both_cards_as_it_is(colour, ground):
    assert contrast(colour, ground) >= 3


def test_the_palette_has_at_least_twelve_different_colours():
    assert len(set(PALETTE)) == len(PALETTE) >= 12


def test_colours_are_handed_out_evenly():
    used: list[str] = []
    for _ in range(2 * len(PALETTE)):
        used.append(next_colour(used))
    assert sorted(used) == sorted(PALETTE * 2)


def test_the_stylesheet_names_each_label_once_a_theme():
    css = stylesheet([(3, "#2f7ab8"), (9, "#ffff00")])
    assert css.count(".label-3 {") == css.count(".label-9 {") == 2
    assert "prefers-color-scheme: dark" in css

"""Scripts that are written without blanks."""

import re

import pytest

from labeller.corpus import folding
from modelsvc.stores.scripts import LETTER, MARKS, UNSPACED


def test_the_learner_and_the_search_mean_the_same_letters():
    """Neither may import the other, so each has them written down."""
    ours = [ranges.encode("ascii").decode("unicode_escape") for ranges in (UNSPACED, MARKS)]
    assert ours == [folding.UNSPACED, folding.MARKS]


@pytest.mark.parametrize(
    ("text", "letters"),
    [("法院", ["法", "院"]), ("ที่นี่", ["ที่", "นี่"]), ("ນີ້", ["ນີ້"]), ("か\u3099き", ["か\u3099", "き"]), ("한국 fee, ", [])],
)
def test_a_letter_keeps_its_marks(text, letters):
    assert re.findall(LETTER, text) == letters

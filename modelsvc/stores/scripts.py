r"""Scripts that are written without blanks: Chinese, Japanese, Thai, Lao, Burmese, Khmer. Korean has blanks.

The same letters as the search's (`labeller/corpus/folding.py`), which the learner may not import; a test compares the
two. Written as \u escapes, so that a pattern made of them stays readable where it is stored.
"""

from __future__ import annotations

UNSPACED = (
    r"\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    r"\u0e01-\u0e30\u0e32\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0ebd-\u0ec6\u0edc-\u0edf\u1000-\u102a\u103f\u1780-\u17b3"
)
MARKS = (  # vowels, tones and dots above, below or behind a letter, which mean nothing without it
    r"\u0300-\u036f\u3099\u309a\ufe00-\ufe0f"
    r"\u0e31\u0e33-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb3-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3"
)
LETTER = f"[{UNSPACED}][{MARKS}]*"  # a letter with its marks

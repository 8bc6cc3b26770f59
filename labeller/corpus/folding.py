"""When two spellings are the same word for the search: the form in which words are indexed and looked for.

Pure functions; PostgreSQL does the same by itself (labeller/corpus/word_index.py).
"""

from __future__ import annotations

import re
import unicodedata

SOFT_HYPHEN = "\u00ad"
# Signs that NFKC would make a part of the word beside them: trade marks, and accents that stand alone (don´t).
APART = "™℠¨¯´¸˘˙˚˛˜˝΄΅᾽᾿῀῁῍῎῏῝῞῟῭΅´῾‗‾゛゜￣"
# The letters of scripts that are written without blanks (Chinese, Japanese, Thai, Lao, Burmese, Khmer) and the marks
# that stay with them, as ranges of a regular expression, alike in Python and PostgreSQL.
UNSPACED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e01-\u0e30\u0e32\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0ebd-\u0ec6\u0edc-\u0edf\u1000-\u102a\u103f\u1780-\u17b3"
)
MARKS = (
    "\u0300-\u036f\u3099\u309a\ufe00-\ufe0f"
    "\u0e31\u0e33-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb3-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3"
)

_APART = str.maketrans(dict.fromkeys(APART, "'") | {SOFT_HYPHEN: None})
_UNSPACED = re.compile(f"([{UNSPACED}][{MARKS}]*)")


def fold(text: str) -> str:
    """NFKC without soft hyphens, and blanks around each letter of a script that has none: a run of these is then found
    wherever it stands, as words side by side. Capitals are left to the databases."""
    if text.isascii():
        return text
    return _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFKC", text.translate(_APART)))

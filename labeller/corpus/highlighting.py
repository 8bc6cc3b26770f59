"""A text with the words that were looked for marked, and the part of a long one in which most of them stand.

Texts leave here as parts, never as HTML: the template escapes each and writes the marks itself. Pure functions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from labeller.corpus.folding import MARKS, SOFT_HYPHEN, UNSPACED
from labeller.corpus.query import Term, indexed_words, word_pattern

SNIPPET = 420  # characters
BEFORE = 80  # of them before the first hit
LONGEST_MARKED = 20_000  # characters of a text whose every word is looked at
PART = 2_000  # and of what follows in each part where a term may stand that has not come before

# Of a run of letters: each of an unspaced script by itself.
_PIECE = re.compile(f"[{UNSPACED}][{MARKS}]*|[^{UNSPACED}]+")
_LETTER_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True)
class Part:
    text: str
    is_hit: bool = False


_BLANK = re.compile(r"\s")

Span = tuple[int, int]


def spans(text: str, terms: Sequence[Term]) -> list[Span]:
    """Where the terms stand: (begin, end) of each hit, in order, none within another. Of a long text all in its
    beginning; beyond it those around the first of each term that the beginning does not have."""
    wanted = tuple(Term(tuple(word.lower() for word in term.words), term.prefix) for term in terms)
    at = _end_of_word(text, LONGEST_MARKED)
    hits, met = _hits(text, 0, at, wanted)
    while at < len(text) and (later := tuple(term for term in wanted if term not in met)):
        begin, at = at, _end_of_word(text, at + PART)
        if _may_hold(text[begin:at], later):
            more, met_here = _hits(text, begin, at, wanted)
            hits, met = hits + more, met | met_here
    return hits


def _end_of_word(text: str, at: int) -> int:
    """Where the word at this place ends; the place itself where none does for long."""
    blank = _BLANK.search(text, at, at + 100)
    return blank.start() if blank else min(at, len(text))


def _hits(text: str, begin: int, end: int, wanted: Sequence[Term]) -> tuple[list[Span], set[Term]]:
    """(The hits in this part of the text, the terms that are among them.)"""
    found = list(_words(text[begin:end]))
    hits: list[Span] = []
    met: set[Term] = set()
    at = 0
    while at < len(found):
        here = [term for term in wanted if _stands_at(found, at, term)]
        longest = max((len(term.words) for term in here), default=1)
        if here:
            first, last = begin + found[at][0], begin + found[at + longest - 1][1]
            if hits and first < hits[-1][1]:  # two words of one sign, "½" say
                first = hits.pop()[0]
            hits.append((first, last))
            met.update(here)
        at += longest
    return hits, met


def _may_hold(text: str, terms: tuple[Term, ...]) -> bool:
    """Whether one of the terms seems to stand there. Many times quicker than to look at every word."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text.replace(SOFT_HYPHEN, ""))
    return _seeming(terms).search(plain.lower()) is not None


@lru_cache(maxsize=64)
def _seeming(terms: tuple[Term, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(_as_pattern, terms)))


def _as_pattern(term: Term) -> str:
    first, *others = map(re.escape, term.words)
    before = (
        "" if _LETTER_UNSPACED.match(term.words[0]) else rf"(?<![^\W_]{first})"
    )  # behind it: letters are found fast
    after = "" if term.prefix or _LETTER_UNSPACED.match(term.words[-1]) else r"(?![^\W_])"
    return r"[\W_]*".join([first + before, *others]) + after


@cache
def _runs() -> re.Pattern[str]:
    """Words with the places where they may be broken."""
    return re.compile(rf"(?:{word_pattern().pattern}|{SOFT_HYPHEN})+")


def _words(text: str) -> Iterator[tuple[int, int, str]]:
    """(begin, end, the word as the index has it): the text is marked as it stands."""
    for run in _runs().finditer(text):
        if run.group().isascii():
            yield run.start(), run.end(), run.group().lower()
            continue
        for piece in _PIECE.finditer(run.group()):
            for word in indexed_words(piece.group()):
                yield run.start() + piece.start(), run.start() + piece.end(), word.lower()


def _stands_at(found: list[tuple[int, int, str]], at: int, term: Term) -> bool:
    here, words = [word for _, _, word in found[at : at + len(term.words)]], term.words
    if len(here) < len(words) or here[:-1] != list(words[:-1]):
        return False
    return here[-1].startswith(words[-1]) if term.prefix else here[-1] == words[-1]


def marked(text: str, terms: Sequence[Term]) -> list[Part]:
    """The whole text in parts. Joined they are the text again."""
    return _parts(text, spans(text, terms), 0, len(text))


def snippet(text: str, terms: Sequence[Term], size: int = SNIPPET) -> list[Part]:
    """The stretch of a long text with most hits, ellipses where it was cut; of a short one all."""
    hits = spans(text, terms)
    if len(text) <= size:
        return _parts(text, hits, 0, len(text))
    begin = _best_begin(hits, size)
    end = min(len(text), begin + size)
    begin, end = _at_blanks(text, max(0, end - size), end)
    parts = _parts(text, hits, begin, end)
    return [*([Part("… ")] if begin else []), *parts, *([Part(" …")] if end < len(text) else [])]


def _best_begin(hits: list[Span], size: int) -> int:
    """A little before the hit from which on most others lie within reach."""
    if not hits:
        return 0
    reach = size - BEFORE
    best = max(
        hits, key=lambda hit: (sum(hit[0] <= other[0] and other[1] <= hit[0] + reach for other in hits), -hit[0])
    )
    return max(0, best[0] - BEFORE)


def _at_blanks(text: str, begin: int, end: int) -> Span:
    """The same stretch without half words at its ends, where that costs little."""
    if begin:
        blank = text.find(" ", begin, begin + 30)
        begin = blank + 1 if blank >= 0 else begin
    if end < len(text):
        blank = text.rfind(" ", end - 30, end)
        end = blank if blank >= 0 else end
    return begin, end


def _parts(text: str, hits: list[Span], begin: int, end: int) -> list[Part]:
    parts, at = [], begin
    for start, stop in hits:
        start, stop = max(start, begin), min(stop, end)
        if start >= stop:
            continue
        if at < start:
            parts.append(Part(text[at:start]))
        parts.append(Part(text[start:stop], is_hit=True))
        at = stop
    if at < end:
        parts.append(Part(text[at:end]))
    return parts

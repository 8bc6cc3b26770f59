"""A text with the words that were looked for marked, and the part of a long one in which most of them stand.

Texts leave here as parts, never as HTML: the template escapes each and writes the marks itself. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from labeller.corpus.folding import MARKS, SOFT_HYPHEN, UNSPACED
from labeller.corpus.query import Term, indexed_words, word_pattern

SNIPPET = 420  # characters
BEFORE = 80  # of them before the first hit
LONGEST_MARKED = 20_000  # characters of a text that are searched for hits

# Of a run of letters: each of an unspaced script by itself.
_PIECE = re.compile(f"[{UNSPACED}][{MARKS}]*|[^{UNSPACED}]+")


@dataclass(frozen=True)
class Part:
    text: str
    is_hit: bool = False


Span = tuple[int, int]


def spans(text: str, terms: Sequence[Term]) -> list[Span]:
    """Where the terms stand: (begin, end) of each hit, in order, none within another."""
    found = list(_words(text[:LONGEST_MARKED]))
    wanted = [(tuple(word.lower() for word in term.words), term.prefix) for term in terms]
    hits: list[Span] = []
    at = 0
    while at < len(found):
        lengths = [len(words) for words, prefix in wanted if _stands_at(found, at, words, prefix)]
        if lengths:
            begin, end = found[at][0], found[at + max(lengths) - 1][1]
            if hits and begin < hits[-1][1]:  # two words of one sign, "½" say
                begin = hits.pop()[0]
            hits.append((begin, end))
        at += max(lengths, default=1)
    return hits


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


def _stands_at(found: list[tuple[int, int, str]], at: int, words: tuple[str, ...], prefix: bool) -> bool:
    here = [word for _, _, word in found[at : at + len(words)]]
    if len(here) < len(words) or here[:-1] != list(words[:-1]):
        return False
    return here[-1].startswith(words[-1]) if prefix else here[-1] == words[-1]


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

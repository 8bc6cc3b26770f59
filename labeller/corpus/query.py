"""What somebody types to find texts by their words, read into a small tree, and the tree as each database wants it.

    late fee             both words          "late fee"     side by side, in this order
    licen*               words that begin so fee OR charge  one of them
    -waiver              not this one

Quotation marks and dashes of any form do, for a keyboard or a text program may put them there.

Only letters, digits and marks reach a database, each word in quotes of its own: whatever is typed, no operator of FTS5
or of PostgreSQL can be among it. Pure functions.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from labeller.corpus.folding import fold

LONGEST = 500  # characters that are read; the rest is left out
MOST_TERMS = 24
LEAST_PREFIX = 2  # letters: fewer begin half of all words
OR = ("OR", "|")

_SIGNS = str.maketrans("“”„‟«»＂–—−‐‑－＊｜", '"""""""------*|')
_PARTS = re.compile(r'(-?)"([^"]*)(?:"|$)(\*?)|(\S+)')


@dataclass(frozen=True)
class Term:
    """A word, or several side by side. `prefix`: the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True)
class WordQuery:
    """A text fits when it holds at least one term of every group, and none of `without`."""

    groups: tuple[tuple[Term, ...], ...] = ()
    without: tuple[Term, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.groups and not self.without

    @property
    def terms(self) -> tuple[Term, ...]:
        """Those that are looked for."""
        return tuple(term for group in self.groups for term in group)


@cache
def word_pattern() -> re.Pattern[str]:
    """Letters, digits and the marks on them, as both databases cut words (labeller/corpus/word_index.py)."""
    marks = "".join(chr(code) for code in range(0x300, 0xFFFF) if unicodedata.category(chr(code)).startswith("M"))
    return re.compile(rf"(?:[^\W_]|[{marks}])+")


def words_of(text: str) -> list[str]:
    """As they stand there."""
    return word_pattern().findall(text)


def indexed_words(text: str) -> list[str]:
    """As the index has them."""
    return words_of(fold(text))


def parse(typed: str) -> WordQuery:
    """The query of what was typed. Never fails: what is no word is left out, an open quotation ends with the line."""
    groups: list[tuple[Term, ...]] = []
    without: list[Term] = []
    joined = False
    for minus, term in _terms(typed[:LONGEST]):
        if len(without) + sum(map(len, groups)) >= MOST_TERMS:
            break
        if term is None:  # OR
            joined = bool(groups)
        elif minus:
            without.append(term)
            joined = False
        elif joined:
            groups[-1] = (*groups[-1], term)
            joined = False
        else:
            groups.append((term,))
    return WordQuery(tuple(groups), tuple(without))


def _terms(typed: str) -> Iterator[tuple[bool, Term | None]]:
    """(whether it is to be left out, the term), or None for an OR between two."""
    for minus, phrase, star, bare in _PARTS.findall(typed.translate(_SIGNS)):
        if bare in OR:
            yield False, None
            continue
        words = tuple(indexed_words(bare or phrase))
        if not words:
            continue
        prefix = bool(star) or bare.endswith("*")
        yield bool(minus) or bare.startswith("-"), Term(words, prefix and len(words[-1]) >= LEAST_PREFIX)


def any_of(words: list[str]) -> str:
    """What to type to find texts with any of these words."""
    return " OR ".join(dict.fromkeys(words))


def to_fts5(query: WordQuery, project_id: int) -> str:
    """The expression of a MATCH over the columns `text` and `project_id`. The project stands in the index, so that a
    word that is rare here and frequent in another project costs what it is worth here."""
    wanted = f'project_id : "{project_id}"'
    if query.groups:
        groups = (f"({' OR '.join(map(_fts5_term, group))})" for group in query.groups)
        wanted = f"({wanted} AND text : ({' AND '.join(groups)}))"
    if not query.without:
        return wanted
    return f"{wanted} NOT text : ({' OR '.join(map(_fts5_term, query.without))})"


def _fts5_term(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'


def to_tsquery(query: WordQuery) -> str:
    """The argument of to_tsquery."""
    groups = [f"({' | '.join(map(_tsquery_term, group))})" for group in query.groups]
    return " & ".join(groups + [f"!{_tsquery_term(term)}" for term in query.without])


def _tsquery_term(term: Term) -> str:
    words = " <-> ".join(f"'{word}'" for word in term.words)
    return f"({words}{':*' if term.prefix else ''})"

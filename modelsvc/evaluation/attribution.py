"""Which words moved a model's answer: parts of the text are left out in turn, and the answer is read again.

Leaving out (occlusion: Zeiler & Fergus 2014; for words, Li et al. 2016, arXiv 1612.08220) asks the whole model, its
encoder and its head, and needs no gradients. What it says can be checked by its own rule: without the words that it
names the answer must fall further than without as many others (`benchmarks.attribution`). Words that only matter
together, each enough alone, are not found one by one; that is the price of being cheap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.stores.scripts import LETTER, UNSPACED

MOST_READS = 64  # of the text without a part of it, in a round; a long text is left out in runs of words at first
OPENED = 4  # runs of words that are looked into
NAMED = 8  # words at most: more would mark everything
LEAST_SHARE = 0.15  # of the strongest word's move, below which a word is not named
LEAST_MOVE = 0.02  # of log-odds: below, nothing moved the answer

# Scripts without blanks are taken letter by letter, each with its marks: a whole sentence is no word.
WORD = re.compile(rf"{LETTER}|[^\W{UNSPACED}]+(?:['’]\w+)*")

Read = Callable[[Sequence[str]], NDArray[np.float64]]
"""Texts -> the log-odds (n,) of the answer that is to be explained."""


@dataclass(frozen=True)
class Moved:
    """A part of the text, `text[start:end]`, and by how much the answer's log-odds fall without it."""

    start: int
    end: int
    by: float


def words_that_mattered(text: str, read: Read) -> list[Moved]:
    """The words that spoke for the answer, in the order of the text; at most NAMED. None where no word alone moved it.

    Reads the text at most 1 + 2 * MOST_READS times: a short one word by word, a long one in runs of words, and the
    strongest OPENED of them word by word.
    """
    words = [match.span() for match in WORD.finditer(text)]
    runs = _runs(words, MOST_READS)
    moves = _without(text, runs, read)
    if len(runs) < len(words):
        strongest = sorted(moves, key=lambda run: -run.by)[:OPENED]
        inside = [word for word in words if any(run.start <= word[0] < run.end for run in strongest)]
        moves = _without(text, _runs(inside, MOST_READS), read)
    return _named(moves)


def telling_run(text: str, read: Read, *, most_reads: int = 16) -> Moved | None:
    """The run of words without which the answer falls furthest, for showing a long text at its most telling place.
    None where none moved it."""
    runs = _runs([match.span() for match in WORD.finditer(text)], most_reads)
    best = max(_without(text, runs, read), key=lambda run: run.by, default=None)
    return best if best is not None and best.by >= LEAST_MOVE else None


def log_odds(proba: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n,) -> (n,). Of probabilities near 1 a fall is still seen; clipped, so that none is infinite."""
    p = np.clip(proba.astype(np.float64), 1e-6, 1 - 1e-6)
    odds: NDArray[np.float64] = np.log(p) - np.log1p(-p)
    return odds


def _runs(words: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """At most `most` runs of neighbouring words, of equal numbers."""
    parts = np.array_split(np.arange(len(words)), min(most, len(words))) if words else []
    return [(words[part[0]][0], words[part[-1]][1]) for part in parts]


def _without(text: str, parts: list[tuple[int, int]], read: Read) -> list[Moved]:
    if not parts:
        return []
    told = read([text, *(text[:start] + text[end:] for start, end in parts)])
    return [Moved(start, end, float(told[0] - less)) for (start, end), less in zip(parts, told[1:], strict=True)]


def _named(moves: list[Moved]) -> list[Moved]:
    strongest = max((move.by for move in moves), default=0.0)
    if strongest < LEAST_MOVE:
        return []
    named = [move for move in moves if move.by >= LEAST_SHARE * strongest]
    return sorted(sorted(named, key=lambda move: -move.by)[:NAMED], key=lambda move: move.start)

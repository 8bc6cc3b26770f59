"""The words of a text as features: term frequency times inverse document frequency, rows of unit length.

Beside an encoder that was never tuned, words carry what it blurs: the fixed phrases of a trade, a law, a form.
Single words only: pairs and triples of words lost by a point or more where few texts are labelled. In scripts without
blanks nothing says where a word ends, so there each two letters side by side are one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from modelsvc.stores.scripts import LETTER, MARKS, UNSPACED

SPACED = r"\w\w+"  # two or more letters, digits or underscores
_OTHER = rf"[^\W{UNSPACED}]"
# In scripts without blanks each two letters side by side are a word, and so is a letter that stands alone, as in search
# engines: a dictionary may be wrong, and a whole clause is a word that no other text has. Words are looked ahead at and
# reading goes on behind their first letter, so that pairs overlap.
PATTERN = rf"(?=({LETTER}{LETTER}|(?<![{UNSPACED}{MARKS}]){LETTER}|{_OTHER}{{2,}}))(?:{LETTER}|{_OTHER}+)"
MIN_TEXTS = 2  # a word of one text alone says nothing about another
MOST_WORDS = 50_000  # the commonest; bounds the memory of a pool in many languages
IDF_DIGITS = 5  # so that a vocabulary written as text and read again is the same

_SPACED = re.compile(SPACED)
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words in the order of their columns, and the weight of each: 1 + ln((1 + N) / (1 + texts that hold it))."""

    words: tuple[str, ...]  # V
    idf: NDArray[np.float32]  # (V,)
    pattern: str = PATTERN  # what finds words in a text: goes along, so that a stored model reads as it learnt

    @cached_property
    def columns(self) -> dict[str, int]:
        """The column of each word."""
        return {word: column for column, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Vocabulary)
            and self.pattern == other.pattern
            and self.words == other.words
            and np.array_equal(self.idf, other.idf)
        )

    def __hash__(self) -> int:
        return hash(self.words)

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """(N, V), row by row (1 + ln count) * idf at unit length; a text without a known word is a row of zeros."""
        starts, columns, values = [0], [], []
        for text in texts:
            counts = Counter(self.columns[word] for word in split(text, self.pattern) if word in self.columns)
            row = sorted(counts)
            weights = [(1 + math.log(counts[column])) * float(self.idf[column]) for column in row]
            length = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
            columns += row
            values += [weight / length for weight in weights]
            starts.append(len(columns))
        shape = (len(texts), len(self.words))
        return csr_matrix((np.array(values, np.float32), np.array(columns, np.int32), np.array(starts)), shape=shape)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, ready for JSON."""
        idf = [round(float(weight), IDF_DIGITS) for weight in self.idf]
        return {"words": list(self.words), "idf": idf, "pattern": self.pattern}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Vocabulary:
        """What `to_dict` gave, equal to the vocabulary it was given for. Before there were patterns there was one."""
        return cls(tuple(content["words"]), np.array(content["idf"], np.float32), content.get("pattern", SPACED))


@dataclass(frozen=True)
class Words:
    """Texts as rows over a vocabulary."""

    vocabulary: Vocabulary
    T: csr_matrix  # (N, V), as Vocabulary.matrix makes it

    @classmethod
    def of(cls, vocabulary: Vocabulary, texts: Sequence[str]) -> Words:
        return cls(vocabulary, vocabulary.matrix(texts))

    def __len__(self) -> int:
        return int(self.T.shape[0])

    def __getitem__(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Words:
        return Words(self.vocabulary, self.T[rows])


@dataclass(frozen=True)
class WordWeights:
    """What each word of a vocabulary adds to the logit of each label."""

    vocabulary: Vocabulary
    weights: NDArray[np.float32]  # (V, C); zero for a word that no labelled text holds
    share: float  # of the logit that comes from the embedding, the rest from the words


def split(text: str, pattern: str = PATTERN) -> list[str]:
    """Its words, in small letters: runs of two or more letters, digits or underscores; in scripts without blanks each
    two letters side by side."""
    small = text.casefold()
    # All patterns find the same in a text of other scripts, the plain one in half the time.
    plain = small.isascii() or not _UNSPACED.search(small)
    return (_SPACED if plain else re.compile(pattern)).findall(small)


def learn_vocabulary(texts: Iterable[str]) -> Vocabulary:
    """The words of MIN_TEXTS texts or more, at most MOST_WORDS of them, in alphabetical order. Needs no labels."""
    held: Counter[str] = Counter()
    total = 0
    for text in texts:
        held.update(set(split(text)))
        total += 1
    # Counts alone would leave the last places to whichever words came first.
    kept = sorted((word for word, count in held.items() if count >= MIN_TEXTS), key=lambda word: (-held[word], word))
    words = tuple(sorted(kept[:MOST_WORDS]))
    idf = [round(1 + math.log((1 + total) / (1 + held[word])), IDF_DIGITS) for word in words]
    return Vocabulary(words, np.array(idf, np.float32))

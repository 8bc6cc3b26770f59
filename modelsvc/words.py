"""The words of a text as features: term frequency times inverse document frequency, rows of unit length.

Beside an encoder that was never tuned, words carry what it blurs: the fixed phrases of a trade, a law, a form.
Single words only: pairs and triples of words lost by a point or more where few texts are labelled.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

WORD = re.compile(r"\w\w+")
MIN_TEXTS = 2  # a word of one text alone says nothing about another
MOST_WORDS = 50_000  # the commonest; bounds the memory of a pool in many languages


@dataclass(frozen=True)
class Vocabulary:
    """Words in the order of their columns, and the weight of each: 1 + ln((1 + N) / (1 + texts that hold it))."""

    words: tuple[str, ...]  # V
    idf: NDArray[np.float32]  # (V,)

    @cached_property
    def columns(self) -> dict[str, int]:
        """The column of each word."""
        return {word: column for column, word in enumerate(self.words)}

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """(N, V), row by row (1 + ln count) * idf at unit length; a text without a known word is a row of zeros."""
        starts, columns, values = [0], [], []
        for text in texts:
            counts = Counter(self.columns[word] for word in split(text) if word in self.columns)
            row = sorted(counts)
            weights = [(1 + math.log(counts[column])) * float(self.idf[column]) for column in row]
            length = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
            columns += row
            values += [weight / length for weight in weights]
            starts.append(len(columns))
        shape = (len(texts), len(self.words))
        return csr_matrix((np.array(values, np.float32), np.array(columns, np.int32), np.array(starts)), shape=shape)


def split(text: str) -> list[str]:
    """Its words, in small letters: runs of two or more letters, digits or underscores."""
    return WORD.findall(text.casefold())


def learn_vocabulary(texts: Sequence[str]) -> Vocabulary:
    """The words of MIN_TEXTS texts or more, at most MOST_WORDS of them, in alphabetical order. Needs no labels."""
    held: Counter[str] = Counter()
    for text in texts:
        held.update(set(split(text)))
    kept = [word for word, count in held.most_common(MOST_WORDS) if count >= MIN_TEXTS]
    words = tuple(sorted(kept))
    idf = [1 + math.log((1 + len(texts)) / (1 + held[word])) for word in words]
    return Vocabulary(words, np.array(idf, np.float32))

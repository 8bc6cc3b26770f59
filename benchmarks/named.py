"""What labels are called, read as the product reads it, for the heads of benchmarks: with one label a text it teaches.
Files have names and no descriptions. Figures from before it taught are made again by --without-names."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from modelsvc.heads.prototypes import Prototypes, texts_of
from modelsvc.types import Embeddings

Texts = Sequence[Sequence[str]]  # (C,) of each label


def label_texts(names: Sequence[str], *, teach: bool = True) -> list[tuple[str, ...]]:
    """(C,) what is read of each label; empty where names are not to teach."""
    return [texts_of(name) for name in names] if teach else []


def prototypes(texts: Texts, read: Callable[[list[str]], Embeddings]) -> Prototypes | None:
    """Of C labels; None where there are no texts."""
    if not texts:
        return None
    columns = np.repeat(np.arange(len(texts)), [len(own) for own in texts])
    return Prototypes(read([text for own in texts for text in own]), columns)


def of_rows(label_X: Embeddings | None) -> Prototypes | None:
    """The same of embeddings (C, D), one of each label."""
    return None if label_X is None else Prototypes(label_X, np.arange(len(label_X)))


def without_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--without-names", action="store_true", help="heads that do not learn from the labels' names")

"""The pool's share: which unlabelled texts may teach, with what answer, and how far to trust them.

A teacher's most confident texts, in proportion to its predicted kinds, become pseudo-labels for a fresh encoder. They
must be sure, agreed by their neighbours (HAST: Schröder & Heyer 2024, arXiv 2406.09206, 15 neighbours, more than half),
and agreed by a second judge where there is one. Pure functions of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.stores.nearest import nearest_others
from modelsvc.types import Embeddings, Look, Proba, Rows, Targets, unwatched

NEIGHBOURS = 15


def in_proportion(proba: Proba, k: int, allowed: NDArray[np.bool_]) -> Rows:
    """At most k of the `allowed` rows of proba (N, C): the surest of each predicted kind, as many of each as its share
    of all predictions. Fewer where a kind has not enough allowed rows: what is not sure is not made up for."""
    answer, sure = proba.argmax(1), proba.max(1)
    share = np.bincount(answer, minlength=proba.shape[1]) / max(len(answer), 1)
    chosen = [np.zeros(0, np.int64)]
    for kind in np.flatnonzero(share):
        rows = np.flatnonzero(allowed & (answer == kind))
        chosen.append(rows[np.argsort(-sure[rows], kind="stable")[: round(k * share[kind])]])
    return np.concatenate(chosen)


def neighbours_agree(
    X: Embeddings,
    answer: NDArray[np.int64],
    *,
    k: int = NEIGHBOURS,
    above: float = 0.5,
    look: Look = unwatched,
) -> NDArray[np.bool_]:
    """Whether more than `above` of the k nearest other rows of X (N, D), unit rows, have the same answer (N,). `look`
    is called before each 1,024 rows and may raise to stop: 10,000 rows take some seconds."""
    k = min(k, len(X) - 1)
    if k < 1:
        return np.ones(len(X), np.bool_)
    agree = np.empty(len(X), np.bool_)
    for rows, nearest, _ in nearest_others(X, k, look=look):
        agree[rows] = (answer[nearest] == answer[rows, None]).mean(1) > above
    return agree


@dataclass(frozen=True)
class Trust:
    """What labelled texts say of a teacher that had not seen them."""

    accuracy: float  # of all of them
    of_sure: float  # of the surest share, shrunk towards `accuracy`: few texts prove little
    texts: int


def trust(unseen: Proba, Y: Targets, share: float) -> Trust:
    """How right the surest `share` 0..1 of answers is, from out-of-fold probabilities of labelled texts, Y (n, C).

    The share's own rate counts as if two more texts had the rate of all: at ten texts one mistake is no proof.
    """
    right = unseen.argmax(1) == Y.argmax(1)
    count = max(1, round(share * len(right)))
    surest = right[np.argsort(-unseen.max(1), kind="stable")[:count]]
    accuracy = float(right.mean())
    return Trust(accuracy, float((surest.sum() + 2 * accuracy) / (count + 2)), len(right))


def label_weight(labels: int, *, shown: float = 256.0, most: float = 8.0) -> float:
    """How often a labelled text is shown beside pseudo-labels shown once: 8 times at 32 labels, once from 256 on."""
    return float(min(max(shown / max(labels, 1), 1.0), most))

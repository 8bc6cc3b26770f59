"""Committee: ask where cheap heads, each taught on a bootstrap of the labels, disagree.

A head's own doubt is of two kinds: the text lies between labels, or the border between them rests on few texts. Only
the second goes away by labelling, and only there do heads taught on other weights of the same labels differ. Of a
region without any label a committee of linear heads knows nothing either: the penalty keeps all of them from it alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.links import sigmoid, softmax
from modelsvc.heads.logistic import fit_subsets
from modelsvc.querying.acquisition import EXPLORED
from modelsvc.querying.draws import drawn_apart
from modelsvc.querying.pool import Pool, StrategyError
from modelsvc.types import Embeddings, Proba, Ranked, Rows, Scores

MEMBERS = 8
TAUGHT = 2_000  # labelled texts a committee learns from, drawn anew each time: beyond it members hardly differ
BLOCK = 8_192  # texts judged at once: members x texts x labels in memory is what this bounds

Heads = tuple[NDArray[np.float32], NDArray[np.float32]]  # weights (M, D, C), bias (M, C)


def committee(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """k texts drawn by the mutual information of their label and the choice of member (BALD: Houlsby et al. 2011,
    arXiv 1112.5745), a tenth at random. A batch of the highest would be one text k times; the draw by its fourth power
    spreads it (power acquisition: Kirsch et al. 2021, arXiv 2106.12059). Raises StrategyError without a model."""
    pool.need_proba("committee")
    if not len(pool.labelled_Y):
        raise StrategyError("'committee' teaches its members on labelled texts and there are none; use 'cold'.")
    heads = bootstrap_heads(pool.labelled_X, pool.labelled_Y, multi_label=pool.multi_label, rng=rng)
    scores = disagreement(heads, pool.X, multi_label=pool.multi_label)
    scores = scores / max(float(scores.max(initial=0)), 1e-9)
    drawn = drawn_apart(pool.X, scores, k, against=pool.covered_X, rng=rng)
    words = _split(heads, pool, drawn.rows)
    reasons = [EXPLORED if explored else why for explored, why in zip(drawn.explored, words, strict=True)]
    return Ranked(drawn.rows, scores[drawn.rows], drawn.probabilities, reasons, "committee")


def bootstrap_heads(
    X: Embeddings, Y: NDArray[np.uint8], *, multi_label: bool, rng: np.random.Generator, members: int = MEMBERS
) -> Heads:
    """Heads fitted on the same rows X (n, D), Y (n, C), each with other weights drawn for them (Bayesian bootstrap:
    Rubin 1981). Unlike rows drawn with replacement no member loses the only text of a label."""
    if len(X) > TAUGHT:
        rows = rng.choice(len(X), TAUGHT, replace=False)
        X, Y = X[rows], Y[rows]
    weights = rng.exponential(size=(members, len(X)))
    weights *= len(X) / weights.sum(axis=1, keepdims=True)
    return fit_subsets(X, Y, weights.astype(np.float32), multi_label=multi_label)


def disagreement(heads: Heads, X: Embeddings, *, multi_label: bool) -> Scores:
    """Entropy of the members' mean answer minus the mean entropy of their answers, in nats: (N, D) -> (N,), 0 where
    all agree. With several labels a text they count as independent: summed over labels."""
    found = np.empty(len(X), np.float32)
    for start in range(0, len(X), BLOCK):
        proba = _answers(heads, X[start : start + BLOCK], multi_label=multi_label)  # (M, B, C)
        gap = _entropy(proba.mean(axis=0), multi_label) - _entropy(proba, multi_label).mean(axis=0)
        found[start : start + BLOCK] = gap
    return np.maximum(found, 0)  # rounding may leave -1e-8


def _answers(heads: Heads, X: Embeddings, *, multi_label: bool) -> Proba:
    weights, bias = heads
    logits = X @ weights + bias[:, None, :]  # (M, B, C)
    return sigmoid(logits) if multi_label else softmax(logits)


def _entropy(proba: Proba, multi_label: bool) -> NDArray[np.float32]:
    """Over the last axis, which goes."""
    terms = -proba * np.log(np.maximum(proba, 1e-12))
    if multi_label:
        terms = terms - (1 - proba) * np.log(np.maximum(1 - proba, 1e-12))
    total: NDArray[np.float32] = terms.sum(axis=-1)
    return total


def _split(heads: Heads, pool: Pool, rows: Rows) -> list[str]:
    """Over what the members differ, in words that name labels: where their probabilities spread most."""
    names, start = pool.label_names, "Asked because models taught on parts of the labels"
    spread = _answers(heads, pool.X[rows], multi_label=pool.multi_label).std(axis=0)  # (K, C)
    if pool.multi_label:
        return [f"{start} disagree whether {names[c]} applies" for c in spread.argmax(axis=1)]
    if len(names) < 2:
        return [f"{start} know little of texts like it"] * len(rows)
    first_two = np.argsort(-spread, axis=1, kind="stable")[:, :2]
    return [f"{start} are split between {names[a]} and {names[b]}" for a, b in first_two]

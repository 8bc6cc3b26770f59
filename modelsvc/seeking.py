"""Seeking: a label that the model answers for no text of the pool is asked about by likeness instead.

A tuned encoder that saw one text of a rare kind may never answer it. Then nothing doubts for it, what stands for many
texts is seldom of it, and a hundred labels later it still has one text. But of the texts nearest to that one half are
of its kind too, and so are some of those nearest to a name. NEAREST of them are asked, and no more until the label has
another text: names may be codes, and a kind may have nothing more. While the model answers a label, doubt asks better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modelsvc.diversity import suppress_near_duplicates
from modelsvc.pool import Pool
from modelsvc.types import Embeddings, Ranked, Rows

NEAREST = 3  # texts asked for one label, until one of them or any other carries it
ENOUGH = 4  # texts of a label from which on likeness teaches it no more
NEVER_ANSWERED = "Asked because the model never answers %(label)s and this may be an example"

Policy = Callable[[Pool, int, np.random.Generator], Ranked]
Labels = NDArray[np.int64]


def seeking(policy: Policy, pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """The k texts of a policy, every second one sought instead while there are any to seek. Sought texts are chosen,
    not drawn, and the policy takes them for texts in hand. Raises StrategyError without a model."""
    rows, labels = sought(pool)
    taken = min(len(rows), max(-(-k // 2), k - (pool.size - len(rows))))
    if not taken:
        return policy(pool, k, rng)
    rows, labels = rows[:taken], labels[:taken]
    rest = np.setdiff1d(np.arange(pool.size), rows)
    ranked = policy(_without(pool, rest, rows), k - taken, rng)
    place = np.argsort(np.concatenate([2 * np.arange(taken), 2 * np.arange(k - taken) + 1]), kind="stable")
    ones = np.ones(taken, np.float32)
    said = [NEVER_ANSWERED % {"label": pool.label_names[label]} for label in labels.tolist()]
    reasons = [*said, *ranked.reasons]
    return Ranked(
        np.concatenate([rows, rest[ranked.rows]])[place],
        np.concatenate([ones, ranked.scores])[place],
        np.concatenate([ones, ranked.probabilities])[place],
        [reasons[at] for at in place],
        ranked.strategy,
    )


def sought(pool: Pool) -> tuple[Rows, Labels]:
    """Rows (S,) of the pool to ask for labels that the model never answers and few texts carry, and which label each is
    asked for (S,): the nearest of each label, then the second nearest of each. A label's NEAREST are so of all texts
    but its own, also of what was labelled otherwise or is in hand: each is asked once. Raises StrategyError without a
    model."""
    labels, directions = _never_answered(pool)
    free, known = pool.X @ directions.T, pool.covered_X @ directions.T  # (N, U), (M, U)
    own = np.zeros(known.shape, np.bool_)
    own[: len(pool.labelled_Y)] = pool.labelled_Y[:, labels] > 0
    found: list[tuple[int, int, int]] = []  # place among the nearest, label, row
    for at, label in enumerate(labels.tolist()):
        nearest = _nearest(free[:, at])
        tried = (known[~own[:, at], at] >= free[nearest, at][:, None]).sum(axis=1)
        places = np.arange(len(nearest)) + tried
        found += [(int(place), label, int(row)) for place, row in zip(places, nearest, strict=True) if place < NEAREST]
    asked_for: dict[int, int] = {}
    for _, label, row in sorted(found):
        asked_for.setdefault(row, label)
    rows = suppress_near_duplicates(pool.X, np.array(list(asked_for), np.int64), against=pool.covered_X)
    return rows, np.array([asked_for[row] for row in rows.tolist()], np.int64)


def _nearest(cosine: NDArray[np.float32]) -> Rows:
    """The NEAREST highest of (N,), highest first, or all where there are fewer."""
    top: Rows = np.argpartition(-cosine, min(NEAREST, len(cosine)) - 1)[:NEAREST]
    return top[np.argsort(-cosine[top], kind="stable")]


def _never_answered(pool: Pool) -> tuple[Labels, Embeddings]:
    """Such labels (U,), and the mean of their texts, or of their name where they have none: unit rows (U, D). A label
    without text and name is nowhere to be sought."""
    counts, proba = pool.counts, pool.need_proba("seeking")
    answered = np.bincount(proba.argmax(axis=1), minlength=len(counts))
    labels = np.flatnonzero((counts < ENOUGH) & (answered == 0))
    directions = pool.labelled_Y[:, labels].T.astype(np.float32) @ pool.labelled_X
    if pool.label_X is not None:
        directions = np.where(counts[labels, None] > 0, directions, pool.label_X[labels])
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    there = lengths[:, 0] > 0
    return labels[there], directions[there] / lengths[there]


def _without(pool: Pool, rest: Rows, taken: Rows) -> Pool:
    """The pool of the `rest`, with `taken` in hand."""
    in_hand = pool.X[taken] if pool.in_hand_X is None else np.concatenate([pool.in_hand_X, pool.X[taken]])
    return replace(pool, X=pool.X[rest], proba=pool.need_proba("seeking")[rest], in_hand_X=in_hand)

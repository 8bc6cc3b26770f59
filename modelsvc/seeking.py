"""Seeking: a label that the model answers for no text of the pool is asked about by likeness instead.

A tuned encoder that saw one text of a rare kind may never answer it. Then nothing doubts for it, what stands for many
texts is seldom of it, and a hundred labels later it still has one text. But of the texts nearest to that one half are
of its kind too, and so are some of those nearest to a name. NEAREST of them are asked, and no more until the label has
another text: names may be codes, and a kind may have nothing more. While the model answers a label, doubt asks better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

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
    labels = _never_answered(pool)
    if not len(labels):
        return np.zeros(0, np.int64), labels
    space = _Space.of(pool)
    labels, directions = space.directions(pool, labels)
    free, known = space.likeness(directions)  # (N, U), (M, U)
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
    rows = np.array(list(asked_for), np.int64)
    rows = rows[suppress_near_duplicates(space.of_pool(rows), np.arange(len(rows)), against=space.covered)]
    return rows, np.array([asked_for[row] for row in rows.tolist()], np.int64)


def _never_answered(pool: Pool) -> Labels:
    counts, proba = pool.counts, pool.need_proba("seeking")
    answered = np.bincount(proba.argmax(axis=1), minlength=len(counts))
    labels: Labels = np.flatnonzero((counts < ENOUGH) & (answered == 0)).astype(np.int64)
    return labels


def _nearest(cosine: NDArray[np.float32]) -> Rows:
    """The NEAREST highest of (N,), highest first, or all where there are fewer."""
    top: Rows = np.argpartition(-cosine, min(NEAREST, len(cosine)) - 1)[:NEAREST]
    return top[np.argsort(-cosine[top], kind="stable")]


@dataclass(frozen=True)
class _Space:
    """Where likeness is measured: by the encoder as it came if it has read the texts, for one that was tuned has put
    texts of a label it never answers among those of others, and what labels are called means nothing to it."""

    X: Embeddings  # (A, D)
    rows: Rows | None  # (N,) of the pool's texts in X, -1 where it is not there; None: X is the pool's own
    covered: Embeddings  # (M, D)
    label_X: Embeddings | None  # (C, D)

    @classmethod
    def of(cls, pool: Pool) -> _Space:
        read = pool.as_it_came() if pool.as_it_came is not None else None
        if read is None:
            return cls(pool.X, None, pool.covered_X, pool.label_X)
        covered = np.where(read.covered[:, None] >= 0, read.X[read.covered], 0).astype(np.float32)
        return cls(read.X, read.rows, covered, read.label_X)

    def directions(self, pool: Pool, labels: Labels) -> tuple[Labels, Embeddings]:
        """Of these labels those (U,) that have texts or a name, and the mean of their texts, else their name: unit rows
        (U, D)."""
        texts = self.covered[: len(pool.labelled_Y)]
        directions = pool.labelled_Y[:, labels].T.astype(np.float32) @ texts
        if self.label_X is not None:
            directions = np.where(pool.counts[labels, None] > 0, directions, self.label_X[labels])
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        there = lengths[:, 0] > 0
        return labels[there], directions[there] / lengths[there]

    def likeness(self, directions: Embeddings) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Cosines of the pool's texts and of the covered ones: (N, U), (M, U). -1 for what was not read."""
        free = self.X @ directions.T
        if self.rows is not None:
            free = np.where(self.rows[:, None] >= 0, free[self.rows], np.float32(-1))
        return free, self.covered @ directions.T

    def of_pool(self, rows: Rows) -> Embeddings:
        """(K, D) of these rows of the pool."""
        at = rows if self.rows is None else self.rows[rows]
        return np.where(at[:, None] >= 0, self.X[at], 0).astype(np.float32)


def _without(pool: Pool, rest: Rows, taken: Rows) -> Pool:
    """The pool of the `rest`, with `taken` in hand."""
    in_hand = pool.X[taken] if pool.in_hand_X is None else np.concatenate([pool.in_hand_X, pool.X[taken]])
    return replace(pool, X=pool.X[rest], proba=pool.need_proba("seeking")[rest], in_hand_X=in_hand, as_it_came=None)

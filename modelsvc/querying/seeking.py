"""Seeking: a label that the model answers for no text that waits is asked about by likeness instead.

A tuned encoder that saw one text of a rare kind may never answer it. Then nothing doubts for it, what stands for many
texts is seldom of it, and a hundred labels later it still has one text. But of the texts nearest to that one half are
of its kind too, and so are some of those nearest to a name. NEAREST of them are asked, and no more until the label has
another text: names may be codes, and a kind may have nothing more. While the model answers a label, doubt asks better.

Every second text is sought while sought texts carry what they are asked for. Of a long list of labels most may not
occur at all; three texts for each would be half of the first answers. So the turns follow from what was found so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelsvc.querying.diversity import suppress_near_duplicates
from modelsvc.querying.pool import Pool
from modelsvc.types import Embeddings, Ranked, Rows

NEAREST = 3  # texts asked for one label, until one of them or any other carries it
ENOUGH = 4  # texts of a label from which on likeness teaches it no more
CONSIDERED = 24  # nearest texts of a label among which those in the words of a labelled one are passed over
OFTEN, SELDOM = 2, 8  # one turn of so many is for a sought text, at most and as long as there are any
BELIEVED = 4  # texts found, and as many in vain, that are taken for granted: at first half of what is sought is of use
NEVER_ANSWERED = "Asked because the model never answers %(label)s and this may be an example"

Policy = Callable[[Pool, int, np.random.Generator], Ranked]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Sought:
    """Texts to ask for labels that the model never answers."""

    rows: Rows  # (S,) of the pool
    labels: Labels  # (S,) which label each is asked for
    every: int  # one turn of so many is theirs


def seeking(policy: Policy, pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """The k texts of a policy, some of them sought instead while there are any to seek: every second one, or fewer
    where seeking finds little. Sought texts are chosen, not drawn, and the policy takes them for texts in hand. Raises
    StrategyError without a model."""
    found = sought(pool)
    places = _turns(found, k, turn=pool.turn, others=pool.size - len(found.rows), rng=rng)
    taken = len(places)
    if not taken:
        return policy(pool, k, rng)
    rows, labels, ones = found.rows[:taken], found.labels[:taken], np.ones(taken, np.float32)
    said = [NEVER_ANSWERED % {"label": pool.label_names[label]} for label in labels.tolist()]
    if taken == k:
        return Ranked(rows, ones, ones, said, "seeking")
    rest = np.setdiff1d(np.arange(pool.size), rows)
    # Between sought texts the policy always begins anew, as it did where this was measured: two texts of each order.
    turn = 0 if found.every == OFTEN else pool.turn
    ranked = policy(replace(_without(pool, rest, rows), turn=turn), k - taken, rng)
    order = np.argsort(np.concatenate([places, np.setdiff1d(np.arange(k), places)]))
    reasons = [*said, *ranked.reasons]
    return Ranked(
        np.concatenate([rows, rest[ranked.rows]])[order],
        np.concatenate([ones, ranked.scores])[order],
        np.concatenate([ones, ranked.probabilities])[order],
        [reasons[at] for at in order],
        ranked.strategy,
    )


def _turns(found: Sought, k: int, *, turn: int, others: int, rng: np.random.Generator) -> Rows:
    """Which of k places are for sought texts, ascending. At the end of a pool, where `others` are too few, the last."""
    # An order is made anew after every answer or two: were the first text always sought, all would be.
    first = turn % OFTEN if found.every == OFTEN else int(rng.integers(found.every))
    places = np.arange(first, k, found.every)[: len(found.rows)]
    missing = max(0, k - others - len(places))
    free = np.setdiff1d(np.arange(k), places)
    return np.sort(np.concatenate([places, free[len(free) - missing :]])).astype(np.int64)


def sought(pool: Pool) -> Sought:
    """What to ask for labels that the model never answers and few texts carry: the nearest text of each label, then the
    second nearest of each. A label's NEAREST are so of all texts but its own and those in the words of a labelled one,
    also of what was labelled otherwise or is in hand: each is asked once. Raises StrategyError without a model."""
    left, n = _never_answered(pool), len(pool.labelled_Y)
    found: list[tuple[int, int, int]] = []  # place among the nearest, label, row
    in_vain = 0
    for space in _spaces(pool) if len(left) else ():
        labels, directions = space.directions(pool, left)
        left = np.setdiff1d(left, labels)
        free, known = space.X @ directions.T, space.covered @ directions.T  # (A, U), (M, U)
        for at, label in enumerate(labels.tolist()):
            rows, likeness = space.nearest(free[:, at])
            nearer = known[:, [at]] >= likeness  # (M, R)
            nearer[:n] &= pool.labelled_Y[:, [label]] == 0
            places = np.arange(len(rows)) + nearer.sum(axis=0)
            found += [(place, label, row) for place, row in zip(places.tolist(), rows.tolist(), strict=True)]
            in_vain += min(NEAREST, int(nearer[:n, :1].sum()))
    asked_for: dict[int, int] = {}
    for place, label, row in sorted(found):
        if place < NEAREST:
            asked_for.setdefault(row, label)
    rows, labels = np.array(list(asked_for), np.int64), np.array(list(asked_for.values()), np.int64)
    return Sought(rows, labels, _every(pool, in_vain))


def _every(pool: Pool, in_vain: int) -> int:
    """How many turns to one sought text, by how often what is near a label carries it. Of use are the texts of labels
    that few carry, also of those answered by now; `in_vain` carry none of what they are nearest to. Who asked for them
    is not known here, nor need it be: a text that doubt asked tells the same of what is near a name."""
    counts = pool.counts
    of_use = int(counts[counts < ENOUGH].sum()) + BELIEVED
    return int(np.clip(round((of_use + in_vain + BELIEVED) / of_use), OFTEN, SELDOM))


def _never_answered(pool: Pool) -> Labels:
    counts, answered = pool.counts, pool.answered
    if answered is None:
        answered = np.bincount(pool.need_proba("seeking").argmax(axis=1), minlength=len(counts))
    labels: Labels = np.flatnonzero((counts < ENOUGH) & (answered == 0)).astype(np.int64)
    return labels


def _spaces(pool: Pool) -> Iterator[_Space]:
    """Where likeness is measured: by the encoder as it came, for a tuned one has put texts of a label it never answers
    among those of others, and what labels are called means little to it. Then, for labels of which that one has read
    neither text nor name, by the encoder that serves."""
    read = pool.as_it_came() if pool.as_it_came is not None else None
    if read is not None:
        covered = np.where(read.covered[:, None] >= 0, read.X[read.covered], 0).astype(np.float32)
        yield _Space(read.X, read.rows, covered, read.label_X)
    yield _Space(pool.X, np.arange(pool.size), pool.covered_X, pool.label_X)


@dataclass(frozen=True)
class _Space:
    X: Embeddings  # (A, D)
    rows: Rows  # (N,) of the pool's texts in X, -1 where it is not there
    covered: Embeddings  # (M, D)
    label_X: Embeddings | None  # (C, D), zeros where nothing is read

    def directions(self, pool: Pool, labels: Labels) -> tuple[Labels, Embeddings]:
        """Of these labels those (U,) that have texts or a name here, and the mean of their texts, else their name: unit
        rows (U, D)."""
        directions = pool.labelled_Y[:, labels].T.astype(np.float32) @ self.covered[: len(pool.labelled_Y)]
        if self.label_X is not None:
            has_texts = np.linalg.norm(directions, axis=1, keepdims=True) > 0
            directions = np.where(has_texts, directions, self.label_X[labels])
        lengths = np.linalg.norm(directions, axis=1, keepdims=True)
        there = lengths[:, 0] > 0
        return labels[there], directions[there] / lengths[there]

    def nearest(self, cosine: NDArray[np.float32]) -> tuple[Rows, NDArray[np.float32]]:
        """NEAREST rows of the pool, or fewer, and how near they are, the nearest first, by cosines of X (A,). None says
        what a labelled text or one in hand says, or a nearer one."""
        free = np.where(self.rows >= 0, cosine[self.rows], np.float32(-np.inf))
        top: Rows = np.argpartition(-free, min(CONSIDERED, len(free)) - 1)[:CONSIDERED]
        top = top[np.argsort(-free[top], kind="stable")]
        top = top[np.isfinite(free[top])]
        new = suppress_near_duplicates(self.X[self.rows[top]], np.arange(len(top)), against=self.covered)[:NEAREST]
        return top[new], free[top[new]]


def _without(pool: Pool, rest: Rows, taken: Rows) -> Pool:
    """The pool of the `rest`, with `taken` in hand."""
    in_hand = pool.X[taken] if pool.in_hand_X is None else np.concatenate([pool.in_hand_X, pool.X[taken]])
    return replace(pool, X=pool.X[rest], proba=pool.need_proba("seeking")[rest], in_hand_X=in_hand, as_it_came=None)

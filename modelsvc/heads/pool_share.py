"""The pool's share in the quick model: what texts without a label say of each other, added to a head of few labels.

    logits(x) = (head(x) + share * scale * discriminant(x)) / (1 + share)

The discriminant is that of labels spread over the pool's graph (pool_graph.py). Where texts of a kind lie together it
is far ahead of the head while labels are few; where they do not it is far behind. So `share` is what best predicts
labelled texts that were left out of both, and 0 is one of the choices. The sum is linear: a head as any other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.folds import stratified_folds
from modelsvc.heads.links import COARSE, tempered
from modelsvc.heads.logistic import ABSENT
from modelsvc.heads.pool_graph import NEIGHBOURS, Discriminant, Floats, graph_of
from modelsvc.heads.prototypes import Prototypes
from modelsvc.types import Embeddings, Head, Look, Rows, Targets, unwatched

SHARES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
EXPECTED = 0.5  # the share where left-out texts cannot tell, with an encoder as it came: it costs little anywhere
EXPECTED_TUNED = 2.0  # with one tuned on these labels, whose neighbours were of one kind on every set
LEAST_TEXTS = 200  # a smaller pool has no shape of its own
MOST_SOURCES = 1_000  # labelled texts from which labels spread: with more it takes longer and is hardly better


def is_of_use(pool: int, kinds: int) -> bool:
    """Whether a pool of so many texts is asked at all, with labels of so many kinds."""
    return pool >= max(LEAST_TEXTS, NEIGHBOURS + 1) and kinds >= 2


def sources(X: Embeddings, Y: Targets) -> Rows:
    """Which of n labelled texts (n, D), Y (n, C), their labels spread from, ascending: all of MOST_SOURCES, of more as
    many of each label as there is room for, then any. Follows from the texts alone, so that one label more changes
    next to nothing: the flows of the others are remembered."""
    if len(X) <= MOST_SOURCES:
        return np.arange(len(X), dtype=np.int64)
    drawn = np.array([int.from_bytes(hashlib.blake2b(row.tobytes(), digest_size=7).digest()) for row in X])
    order = np.argsort(drawn, kind="stable")
    label = Y.argmax(axis=1)[order]
    place = np.zeros(len(X), np.int64)  # among the texts of its label
    for kind in np.unique(label):
        place[label == kind] = np.arange(int((label == kind).sum()))
    room = MOST_SOURCES // len(np.unique(label))
    chosen = np.concatenate([order[place < room], order[place >= room]])[:MOST_SOURCES]
    return np.sort(chosen).astype(np.int64)


def spread(pool_X: Embeddings, X: Embeddings, Y: Targets, names: Prototypes | None = None) -> Discriminant:
    """What labels Y (n, C), one a text, of X (n, D) say to any text, spread over the graph of pool_X (M, D). A label's
    name, where it teaches, sends as much as one of its texts."""
    graph, rows = graph_of(pool_X), sources(X, Y)
    from_X, of_Y = (X[rows], Y[rows]) if names is None else names.beside(X[rows], Y[rows])
    return graph.discriminant(graph.flows(from_X), of_Y)


def spread_left_out(
    pool_X: Embeddings,
    X: Embeddings,
    Y: Targets,
    *,
    folds: int,
    seed: int,
    names: Prototypes | None = None,
    look: Look = unwatched,
) -> Floats:
    """(n, C): what they say to each labelled text by the labels of the other folds, those of `cross_fit_logits`, and by
    the names."""
    folds = min(folds, len(X))
    logits: Floats = np.zeros(Y.shape, np.float32)
    if folds < 2:
        return logits
    look()
    graph, fold = graph_of(pool_X), stratified_folds(Y, folds=folds, seed=seed)
    rows = sources(X, Y)
    from_X, of_Y = (X[rows], Y[rows]) if names is None else names.beside(X[rows], Y[rows])
    flows = graph.flows(from_X, look=look)
    of_fold = np.concatenate([fold[rows], np.full(len(from_X) - len(rows), -1)])  # a name is in none
    for f in range(folds):
        look()
        mine, others = fold == f, of_fold != f
        logits[mine] = graph.discriminant(flows[others], of_Y[others]).logits(X[mine])
    return logits


@dataclass(frozen=True)
class Mix:
    """How head and pool are added."""

    share: float
    scale: float

    @classmethod
    def of_head(cls, head: Head) -> Mix:
        return cls(head.pool_share, head.pool_scale)

    def of(self, head: Floats, pool: Floats) -> Floats:
        """Logits, or weights, or a bias, of both."""
        mixed = (head + self.share * self.scale * pool) / (1 + self.share)
        return mixed.astype(np.float32)


def mix_for(
    logits: Floats, pool: Floats, Y: Targets, scorable: NDArray[np.bool_], *, expected: float, least: int
) -> Mix:
    """The mix by left-out logits (n, C) of head and pool: the `expected` share where fewer than `least` rows are fair
    to score, else that of SHARES nearest to it whose log loss is within a standard error of the least (Breiman et al.
    1984, section 3.4.3).
    """
    scale = _scale(logits, pool)
    if int(scorable.sum()) < least:
        return Mix(expected, scale)
    mixes = [Mix(share, scale) for share in SHARES]
    truth = Y[scorable].argmax(axis=1)
    losses = np.stack([tempered(mix.of(logits[scorable], pool[scorable]), truth, COARSE)[1] for mix in mixes])
    best = losses[losses.mean(axis=1).argmin()]
    within = [at for at in range(len(mixes)) if not is_worse(losses[at], best)]
    return min((mixes[at] for at in within), key=lambda mix: abs(mix.share - expected))


def is_worse(losses: NDArray[np.float64], than: NDArray[np.float64]) -> bool:
    """Whether the same n rows' losses are larger by more than a standard error."""
    more = losses - than
    return bool(more.mean() > more.std() / np.sqrt(len(more)))


def _scale(logits: Floats, pool: Floats) -> float:
    """By how much the pool's logits are to be multiplied to spread like the head's; labels that a fold could not learn,
    whose logits are far below all others, count in neither."""
    told = logits > ABSENT / 2
    return float(logits[told].std() / max(float(pool[told].std()), 1e-6)) if told.any() else 1.0

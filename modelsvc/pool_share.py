"""The pool's share in the quick model: what texts without a label say of each other, added to a head of few labels.

    logits(x) = (head(x) + share * scale * discriminant(x)) / (1 + share)

The discriminant is that of labels spread over the pool's graph (pool_graph.py). Where texts of a kind lie together it
is far ahead of the head while labels are few; where they do not it is far behind. So `share` is what best predicts
labelled texts that were left out of both, and 0 is one of the choices. The sum is linear: a head as any other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.folds import stratified_folds
from modelsvc.logistic import ABSENT
from modelsvc.pool_graph import NEIGHBOURS, Discriminant, Floats, PoolGraph, graph_of
from modelsvc.types import Embeddings, Targets

SHARES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
EXPECTED = 0.5  # the share where left-out texts cannot tell, with an encoder as it came: it costs little anywhere
EXPECTED_TUNED = 2.0  # with one tuned on these labels, whose neighbours were of one kind on every set
LEAST_TEXTS = 200  # a smaller pool has no shape of its own
MOST_LABELS = 1_000  # beyond, a head has learnt what the pool could tell, and the flows would cost more than it
TEMPERATURES = np.geomspace(0.2, 5.0, 17).astype(np.float32)  # coarse: only the mix is chosen by it


@dataclass(frozen=True)
class Spread:
    """What the pool says: to any text, and to each of the n labelled ones by the labels of other folds."""

    whole: Discriminant
    left_out: Floats  # (n, C)


def is_of_use(pool: int, labels: int, kinds: int) -> bool:
    """Whether a pool of so many texts is asked at all, with so many labels of so many kinds."""
    return pool >= max(LEAST_TEXTS, NEIGHBOURS + 1) and kinds >= 2 and labels <= MOST_LABELS


def spread(pool_X: Embeddings, X: Embeddings, Y: Targets, *, folds: int, seed: int) -> Spread:
    """Labels Y (n, C), one a text, of X (n, D), spread over the graph of pool_X (M, D); folds of `cross_fit_logits`."""
    graph = graph_of(pool_X)
    flows = graph.flows(X)
    return Spread(graph.discriminant(flows, Y), _left_out(graph, flows, X, Y, folds=min(folds, len(X)), seed=seed))


def _left_out(graph: PoolGraph, flows: Floats, X: Embeddings, Y: Targets, *, folds: int, seed: int) -> Floats:
    logits: Floats = np.zeros(Y.shape, np.float32)
    if folds < 2:
        return logits
    fold = stratified_folds(Y, folds=folds, seed=seed)
    for f in range(folds):
        mine, others = fold == f, fold != f
        logits[mine] = graph.discriminant(flows[:, others], Y[others]).logits(X[mine])
    return logits


@dataclass(frozen=True)
class Mix:
    """How head and pool are added."""

    share: float
    scale: float

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
    losses = np.stack([_losses(mix.of(logits[scorable], pool[scorable]), truth) for mix in mixes])
    more = losses - losses[losses.mean(axis=1).argmin()]
    within = more.mean(axis=1) <= more.std(axis=1) / np.sqrt(len(truth))
    return min((mixes[at] for at in np.flatnonzero(within)), key=lambda mix: abs(mix.share - expected))


def _scale(logits: Floats, pool: Floats) -> float:
    """By how much the pool's logits are to be multiplied to spread like the head's; labels that a fold could not learn,
    whose logits are far below all others, count in neither."""
    told = logits > ABSENT / 2
    return float(logits[told].std() / max(float(pool[told].std()), 1e-6)) if told.any() else 1.0


def _losses(logits: Floats, truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) of each row, at the temperature that suits them all best."""
    at = [_log_losses(logits / temperature, truth) for temperature in TEMPERATURES]
    return min(at, key=lambda losses: float(losses.sum()))


def _log_losses(logits: Floats, truth: NDArray[np.int64]) -> NDArray[np.float64]:
    peak = logits.max(axis=1)
    whole = np.log(np.exp(logits - peak[:, None]).sum(axis=1)) + peak
    losses: NDArray[np.float64] = (whole - logits[np.arange(len(truth)), truth]).astype(np.float64)
    return losses

"""The pool as a graph of nearest neighbours, over which a few labels spread to all texts.

Poisson learning (Calder, Cook, Thorpe & Slepcev 2020, arXiv 2006.11184): each labelled text is a source, its label's
part of the flow arrives at the texts near it, and a text takes the label of which most arrives. Unlike averages over
neighbours it holds with one label a kind.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from modelsvc.stores.nearest import nearest_others
from modelsvc.types import Embeddings, Look, Rows, Targets, unwatched

Floats = NDArray[np.float32]

NEIGHBOURS = 15
SOURCES = 5  # nodes by which a labelled text enters the graph; itself alone where it is a node
STEPS = 50  # of the flow; 30, 100 and 300 were level, see benchmarks/LOG.md
SHRINKAGE = 1.0  # of the covariance within kinds, as a part of its mean eigenvalue; .3 and 3 were level
MOST_TEXTS = 4_000  # 8,000 would take four times as long
MOST_FLOWS = 2_000  # remembered by a graph: 16 kB each at 4,000 texts
KEPT = 2  # graphs a process remembers: 4,000 texts of width 384 are 10 MB

_graphs: OrderedDict[bytes, PoolGraph] = OrderedDict()


@dataclass(frozen=True)
class Discriminant:
    """A linear answer, logits = X @ weights + bias."""

    weights: Floats  # (D, C)
    bias: Floats  # (C,)

    def logits(self, X: Embeddings) -> Floats:
        found: Floats = X @ self.weights + self.bias
        return found


@dataclass(frozen=True)
class PoolGraph:
    """M texts of the pool, unit rows, and how a unit of flow steps from one to its neighbours."""

    X: Embeddings  # (M, D)
    steps: csr_matrix  # (M, M), rows sum to 1
    degree: Floats  # (M,)
    reach: Floats  # (M,) squared distance to the farthest neighbour
    mean: Floats  # (D,)
    scatter: Floats  # (D, D) covariance of all texts
    _flows: dict[bytes, Floats] = field(default_factory=dict)

    def flows(self, texts: Embeddings, *, look: Look = unwatched) -> Floats:
        """How much of what starts at each of n labelled texts (n, D) has come by each node. -> (n, M)

        Remembered by text: one label more costs one text's flow. `look` is called at each step: a thousand texts take
        one to two seconds.
        """
        keys = [row.tobytes() for row in np.ascontiguousarray(texts)]
        new = [at for at, key in enumerate(keys) if key not in self._flows]
        if new:
            for at, flow in zip(new, self._flow(texts[new], look).T, strict=True):
                self._flows[keys[at]] = np.ascontiguousarray(flow)
        found = np.stack([self._flows[key] for key in keys])
        if len(self._flows) > MOST_FLOWS:  # a worker runs for weeks, and sources change
            for key in self._flows.keys() - set(keys):
                del self._flows[key]
        return found

    def answers(self, flows: Floats, Y: Targets) -> tuple[Rows, Rows]:
        """The nodes that a label reaches, and of which label most arrives there: (K,) each, for flows (n, M) of the
        labelled texts, Y (n, C) one label each."""
        given = Y.astype(np.float32)
        counts = given.sum(axis=0)
        even = given / np.maximum(counts, 1)  # each label sends as much, however many texts it has
        arrived = (even - even.mean(axis=0)).T @ flows  # (C, M)
        # Where no source is joined to a node all flows are alike but for rounding: it has no answer.
        apart = np.ptp(arrived[counts > 0], axis=0)
        reached = np.flatnonzero(apart > 1e-4 * np.median(apart))
        arrived[counts == 0] = -np.inf
        return reached, arrived[:, reached].argmax(axis=0)

    def discriminant(self, flows: Floats, Y: Targets) -> Discriminant:
        """The shrunk linear discriminant (Fisher) of the nodes' answers; flows and Y as there. A label without a text
        gets no node, and logits of 0."""
        reached, label = self.answers(flows, Y)
        shape = (len(self.X), Y.shape[1])
        answers = csr_matrix((np.ones(len(reached), np.float32), (reached, label)), shape=shape)
        nodes = np.asarray(answers.sum(axis=0)).ravel()
        sums = answers.T @ self.X
        centres = np.where(nodes[:, None] > 0, sums / np.maximum(nodes, 1)[:, None] - self.mean, 0)  # (C, D)
        within = self.scatter - (centres * (nodes / max(len(reached), 1))[:, None]).T @ centres
        ridge = max(SHRINKAGE * float(np.trace(within)) / len(within), 1e-6)  # all texts alike: nothing to tell
        weights = np.linalg.solve(within + ridge * np.eye(len(within), dtype=np.float32), centres.T)
        bias = -0.5 * np.einsum("cd,dc->c", centres, weights) - self.mean @ weights
        return Discriminant(weights.astype(np.float32), bias.astype(np.float32))

    def _flow(self, texts: Embeddings, look: Look) -> Floats:
        flow = self._sources(texts)
        flow -= (self.degree / self.degree.sum())[:, None]  # as much leaves, evenly over the graph
        flow /= self.degree[:, None]
        arrived = flow.copy()
        for _ in range(STEPS):
            look()
            arrived = self.steps @ arrived + flow
        return arrived

    def _sources(self, texts: Embeddings) -> Floats:
        """(M, n): where each text enters, in parts that sum to 1."""
        n = len(texts)
        cosine = texts @ self.X.T
        near = np.argpartition(-cosine, SOURCES - 1, axis=1)[:, :SOURCES]
        closest = np.take_along_axis(cosine, near, axis=1)
        far = -4 * np.maximum(2 - 2 * closest, 0) / self.reach[near]
        part = np.exp(far - far.max(axis=1, keepdims=True))  # a text far from all enters by the nearest all the same
        itself = closest > 1 - 1e-4
        part = np.where(itself.any(axis=1, keepdims=True), itself.astype(np.float32), part)
        part /= part.sum(axis=1, keepdims=True)
        sources = np.zeros((len(self.X), n), np.float32)
        np.add.at(sources, (near.ravel(), np.repeat(np.arange(n), SOURCES)), part.ravel().astype(np.float32))
        return sources


def sampled(size: int, *, seed: int) -> Rows:
    """Which of `size` texts become a graph: the same ones whatever is labelled, so that the graph is made once."""
    if size <= MOST_TEXTS:
        return np.arange(size, dtype=np.int64)
    drawn: Rows = np.sort(np.random.default_rng(seed).choice(size, MOST_TEXTS, replace=False)).astype(np.int64)
    return drawn


def graph_of(X: Embeddings) -> PoolGraph:
    """The graph of these M texts (M, D), more than NEIGHBOURS; remembered by their content. 4,000 texts take about
    half a second of one core."""
    key = hashlib.blake2b(np.ascontiguousarray(X).data, digest_size=16).digest()
    if key not in _graphs:
        _graphs[key] = _built(X.astype(np.float32))
        while len(_graphs) > KEPT:
            _graphs.popitem(last=False)
    _graphs.move_to_end(key)
    return _graphs[key]


def _built(X: Embeddings) -> PoolGraph:
    M = len(X)
    near, squared = _nearest(X)
    reach = np.maximum(squared.max(axis=1), 1e-6)
    # Distances count by each text's own scale (Zelnik-Manor & Perona 2004), so that sparse regions are joined too.
    weight = np.exp(-4 * squared / reach[:, None])
    directed = csr_matrix((weight.ravel(), (np.repeat(np.arange(M), NEIGHBOURS), near.ravel())), shape=(M, M))
    joined = directed.maximum(directed.T)
    degree = np.asarray(joined.sum(axis=1)).ravel().astype(np.float32)
    mean = X.mean(axis=0)
    centred = X - mean
    return PoolGraph(
        X, (diags(1 / degree) @ joined).tocsr().astype(np.float32), degree, reach, mean, (centred.T @ centred) / M
    )


def _nearest(X: Embeddings) -> tuple[NDArray[np.int64], Floats]:
    """The NEIGHBOURS other rows nearest to each, and their squared distances: (M, K) each."""
    near = np.empty((len(X), NEIGHBOURS), np.int64)
    squared = np.empty((len(X), NEIGHBOURS), np.float32)
    for rows, found, cosines in nearest_others(X, NEIGHBOURS):
        near[rows] = found
        squared[rows] = np.maximum(2 - 2 * cosines, 0)
    return near, squared

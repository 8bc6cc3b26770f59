"""The table of query strategies: which texts of the pool to ask first, and why, in words.

A strategy takes the pool, how many texts are wanted and a random generator, and returns rows of the pool, best
first. `probabilities` is the chance with which each text was drawn at its turn, given the turns before it (what LURE
needs: Farquhar et al. 2021, arXiv 2101.11665). 1 says "chosen, not drawn": the best by the strategy's own measure.
Such a choice may still hang on the seed, by which k-means starts and large pools are sampled: no chance to weight by.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelsvc.querying.acquisition import hesitation
from modelsvc.querying.badge import badge
from modelsvc.querying.committee import committee
from modelsvc.querying.core_set import core_set
from modelsvc.querying.diversity import medoids
from modelsvc.querying.herded import early, has_each_kind, herding
from modelsvc.querying.label_names import STANDS_FOR, cold_names
from modelsvc.querying.late import late
from modelsvc.querying.pool import Pool, StrategyError
from modelsvc.querying.rare import has_rare_labels, rarest_first
from modelsvc.querying.scores import (
    entropy,
    least_confidence,
    margin,
    multilabel_entropy,
    multilabel_least_confidence,
    multilabel_margin,
)
from modelsvc.querying.seeking import seeking
from modelsvc.types import Proba, Ranked, Rows, Scores

__all__ = ["ASK_NAMES", "ASK_NO_MODEL", "STRATEGIES", "Pool", "StrategyError", "phase", "rank"]

COLD_BELOW = 8  # labels: herding overtakes medoids as soon as there is a model of a few labels
EARLY_BELOW = 100  # median labels a kind: until then spread and doubt together, then doubt. Level at 100, ahead before
AT_RANDOM = "Asked at random"

ASK_NO_MODEL = frozenset({"cold", "cold-names", "core-set", "random"})
ASK_NAMES = frozenset({"cold-names"})  # read Pool.label_X

Strategy = Callable[[Pool, int, np.random.Generator], Ranked]


def rank(pool: Pool, k: int, *, strategy: str = "default", seed: int) -> Ranked:
    """The k texts to ask first, k distinct rows of the pool. Raises StrategyError for an unknown name, for k above
    the pool's size, and for a strategy that needs probabilities when there is no model yet."""
    if strategy not in STRATEGIES:
        raise StrategyError(f"There is no strategy '{strategy}'; known: {', '.join(sorted(STRATEGIES))}.")
    if k > pool.size:
        raise StrategyError(f"{k} texts were asked for but the pool has {pool.size}; ask for at most {pool.size}.")
    if k == 0:  # also the pool that is used up
        none = np.zeros(0, np.float32)
        return Ranked(np.zeros(0, np.int64), none, none, [], strategy)
    return STRATEGIES[strategy](pool, k, np.random.default_rng(seed))


def phase(pool: Pool) -> str:
    """Where the default policy is: "cold", "early" or "late"."""
    counts, n = pool.counts, len(pool.labelled_Y)
    if pool.multi_label:
        kinds = 2 * int(((counts > 0) & (counts < n)).any())  # a label both given and withheld is two kinds
        is_cold = kinds < 2 or ((counts == 0).any() and n < max(10, 3 * len(counts)))
    else:
        is_cold = int((counts > 0).sum()) < 2 or n < COLD_BELOW
    if pool.proba is None or is_cold:
        return "cold"
    return "early" if np.median(counts) < EARLY_BELOW else "late"


def default(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """Cold, early or late by itself; no text in the words of another queued or labelled one while others are left.
    With several labels a text, most of them rare, labels take turns instead. With one, a label that the model never
    answers is sought between (seeking.py), once the next text need not be of a new kind."""
    now = phase(pool)
    if now == "cold":
        return cold(pool, k, rng)
    if pool.multi_label and has_rare_labels(pool.need_proba("default")):
        return rarest_first(pool, k, rng)
    policy = early if now == "early" else late
    if pool.multi_label or not has_each_kind(pool):
        return policy(pool, k, rng)
    return seeking(policy, pool, k, rng)


def cold(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """Medoids of the pool away from what is labelled (BERT-KM: best without labels in arXiv 2209.06995, table 1)."""
    rows = medoids(pool.X, k, rng=rng, covered=pool.covered_X)
    ones = np.ones(k, np.float32)
    return Ranked(rows, np.linspace(1, 0, k, dtype=np.float32), ones, [STANDS_FOR] * k, "cold")


def random(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
    """Uniform without replacement."""
    rows = rng.permutation(pool.size)[:k].astype(np.int64)
    chance = (1 / (pool.size - np.arange(k))).astype(np.float32)
    return Ranked(rows, np.zeros(k, np.float32), chance, [AT_RANDOM] * k, "random")


def _by_score(name: str, single: Callable[[Proba], Scores], multi: Callable[[Proba], Scores]) -> Strategy:
    """The k highest scores, nothing else: equal scores by position."""

    def strategy(pool: Pool, k: int, rng: np.random.Generator) -> Ranked:
        proba = pool.need_proba(name)
        scores = multi(proba) if pool.multi_label else single(proba)
        rows: Rows = np.argsort(-scores, kind="stable")[:k].astype(np.int64)
        return Ranked(rows, scores[rows], np.ones(k, np.float32), hesitation(pool, rows), name)

    return strategy


STRATEGIES: dict[str, Strategy] = {
    "badge": badge,
    "cold": cold,
    "cold-names": cold_names,
    "committee": committee,
    "core-set": core_set,
    "default": default,
    "early": early,
    "entropy": _by_score("entropy", entropy, multilabel_entropy),
    "herding": herding,
    "late": late,
    "least-confidence": _by_score("least-confidence", least_confidence, multilabel_least_confidence),
    "margin": _by_score("margin", margin, multilabel_margin),
    "random": random,
    "rarest": rarest_first,
}

"""One simulated project from its first labels to many: of each model what the page would know, and what is true."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from benchmarks.simulated import Corpus, Moment, heads, moment, part
from modelsvc.evaluation.agreement import kappa, normalised_entropy, unchanged
from modelsvc.evaluation.evaluate import audit_report
from modelsvc.evaluation.intervals import macro_f1
from modelsvc.evaluation.ppi import Proxy, confidence, tightened_share
from modelsvc.heads.quick import decide, predict_proba
from modelsvc.types import Targets

STOP_SET = 2_000
FIRST, GROWTH, LEAST = 30, 0.05, 5  # as labeller.learning.triggers makes versions


def milestones(until: int) -> list[int]:
    found, n = [], FIRST
    while n <= until:
        found.append(n)
        n += max(LEAST, ceil(GROWTH * n))
    return found


def trajectory(corpus: Corpus, seed: int, *, pool_size: int, until: int, every: int = 1) -> list[dict[str, Any]]:
    """Each `every`-th of the versions that the product would make. `kappas` are those of the versions between, too."""
    project = part(corpus, seed, pool_size=pool_size)
    stop_set = np.sort(np.random.default_rng(seed).permutation(pool_size)[:STOP_SET])
    points: list[dict[str, Any]] = []
    before: Targets | None = None  # answers on the whole stop set
    kappas: list[float] = []
    rest_Y, multi = corpus.Y[project.rest], corpus.multi_label
    for at, (labelled, head) in enumerate(heads(project, seed, at=milestones(until))):
        # As in the product: what a head says of texts that it was fitted on, or that a fold left out, tells nothing.
        free = ~np.isin(stop_set, labelled)
        now = decide(head, predict_proba(head, project.texts[stop_set]))
        if before is not None:
            kappas.append(round(kappa(before[free], now[free]), 5))
        same = None if before is None else round(unchanged(before[free], now[free]), 5)
        before = now
        if at % every:
            continue
        seen = moment(project, labelled, head, seed)
        audit, gold = seen.is_audit, project.Y[labelled]
        report = audit_report(gold[audit], seen.answers[audit], multi_label=multi, seed=0)
        points.append(
            {
                "labels": len(labelled),
                "audit": int(audit.sum()),
                "accuracy": [report.accuracy.value, report.accuracy.low, report.accuracy.high],
                **_confidence(seen, gold, multi=multi),
                "kappas": kappas,
                "unchanged": same,
                "entropy": round(normalised_entropy(seen.pool_proba, multi_label=multi), 5),
                "least_seen": int(gold.sum(axis=0).min()),
                "true_accuracy": round(float((seen.rest_answers == rest_Y).all(axis=1).mean()), 5),
                "true_macro_f1": round(macro_f1(rest_Y, seen.rest_answers), 5),
            }
        )
        kappas = []
    return points


def _confidence(seen: Moment, gold: Targets, *, multi: bool) -> dict[str, Any]:
    audit = seen.is_audit
    right = (seen.answers == gold).all(axis=1)[audit]
    sure = confidence(seen.unseen, seen.answers, multi_label=multi)[audit]
    everywhere = Proxy.of(confidence(seen.pool_proba, seen.pool_answers, multi_label=multi))
    found = tightened_share(right, sure, everywhere)
    figures = {"tightened": [found.value, found.low, found.high], "confidence": everywhere.mean}
    return figures | {"off": float((right - sure).mean()), "off_variance": float((right - sure).var())}

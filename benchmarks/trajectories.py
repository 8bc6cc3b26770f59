"""One simulated project from its first labels to many: of each model what the page would know, and what is true."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from benchmarks.simulated import Corpus, Moment, part, play
from modelsvc.agreement import kappa, normalised_entropy, unchanged
from modelsvc.evaluate import audit_report
from modelsvc.intervals import macro_f1
from modelsvc.ppi import Proxy, confidence, tightened_share
from modelsvc.types import Targets

STOP_SET = 2_000
FIRST, GROWTH, LEAST = 30, 0.05, 5  # as labeller.learning.triggers makes versions


def milestones(until: int) -> list[int]:
    found, n = [], FIRST
    while n <= until:
        found.append(n)
        n += max(LEAST, ceil(GROWTH * n))
    return found


def trajectory(corpus: Corpus, seed: int, *, pool_size: int, until: int) -> list[dict[str, Any]]:
    project = part(corpus, seed, pool_size=pool_size)
    stop_set = np.sort(np.random.default_rng(seed).permutation(pool_size)[:STOP_SET])
    points: list[dict[str, Any]] = []
    before: Targets | None = None  # answers on the whole stop set
    rest_Y, multi = corpus.Y[project.rest], corpus.multi_label
    for moment in play(project, seed, at=milestones(until)):
        audit, gold = moment.is_audit, project.Y[moment.labelled]
        report = audit_report(gold[audit], moment.answers[audit], multi_label=multi, seed=0)
        # As in the product: what a head says of texts that it was fitted on, or that a fold left out, tells nothing.
        free = ~np.isin(stop_set, moment.labelled)
        now = moment.pool_answers[stop_set]
        points.append(
            {
                "labels": len(moment.labelled),
                "audit": int(audit.sum()),
                "accuracy": [report.accuracy.value, report.accuracy.low, report.accuracy.high],
                **_confidence(moment, gold, multi=multi),
                "kappa": None if before is None else round(kappa(before[free], now[free]), 5),
                "unchanged": None if before is None else round(unchanged(before[free], now[free]), 5),
                "entropy": round(normalised_entropy(moment.pool_proba, multi_label=multi), 5),
                "least_seen": int(gold.sum(axis=0).min()),
                "true_accuracy": round(float((moment.rest_answers == rest_Y).all(axis=1).mean()), 5),
                "true_macro_f1": round(macro_f1(rest_Y, moment.rest_answers), 5),
            }
        )
        before = now
    return points


def _confidence(moment: Moment, gold: Targets, *, multi: bool) -> dict[str, Any]:
    audit = moment.is_audit
    right = (moment.answers == gold).all(axis=1)[audit]
    sure = confidence(moment.unseen, moment.answers, multi_label=multi)[audit]
    everywhere = Proxy.of(confidence(moment.pool_proba, moment.pool_answers, multi_label=multi))
    found = tightened_share(right, sure, everywhere)
    figures = {"tightened": [found.value, found.low, found.high], "confidence": everywhere.mean}
    return figures | {"off": float((right - sure).mean()), "off_variance": float((right - sure).var())}

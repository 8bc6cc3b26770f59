"""By how much the serving model's audit figure is too high because the same audit texts said which models may serve.

python -m benchmarks.kept_by_luck [--rounds 1500] [--json OUT]

Made up, without texts or models: every model is right on .80 of the texts in truth, and two of them differ on 16 % of
the texts, so nothing is gained by one or the other. At 32 labels, and at each quarter more, new models come; the rule
of the product keeps or replaces the one that serves; at the end its figure is read on the audit texts, as on the
results page. Beside it the same with every new model taken, where there is nothing to be lucky by.
"""

from __future__ import annotations

import argparse
import json
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from labeller.annotation.audit import quota
from labeller.learning.measured_on import machine
from modelsvc.intervals import paired_worse, wilson
from modelsvc.paired import WORSE

TRUE = 0.8
# How often a model of this make has a given text right: mean .8, and two draws differ with 2 E[p (1 - p)] = .16.
RIGHT = (0.8, 0.2)  # of the beta distribution
FIRST, GROWTH = 32, 1.25  # of runs that a comparison can follow, as labeller.learning starts them
ENOUGH_TO_COMPARE = 10  # audit texts, as in labeller.learning.bridge_promotion
POINTS = (128, 525)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1500)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "kept_by_luck", "machine": machine(), "rounds": asked.rounds, "points": []}
    for labels in POINTS:
        for stages, taken in ((1, "by the rule"), (2, "by the rule"), (1, "every one")):
            found = played(labels, stages, by_rule=taken == "by the rule", rounds=asked.rounds)
            result["points"].append({"labels": labels, "models a run": stages, "taken": taken} | found)
    text = json.dumps(result, indent=1)
    if asked.json:
        asked.json.write_text(text)
    print(text)


def played(labels: int, stages: int, *, by_rule: bool, rounds: int) -> dict[str, float]:
    """Mean of figure minus truth, its standard error, and the share of 95 % intervals that hold the truth."""
    rng = np.random.default_rng(0)
    n = quota(labels)
    off, held = np.empty(rounds), np.empty(rounds)
    for at in range(rounds):
        figure = _figure(labels, stages, by_rule, rng)
        interval = wilson(round(figure * n), n)
        off[at], held[at] = figure - TRUE, interval.low <= TRUE <= interval.high
    return {
        "audit texts": n,
        "bias": round(float(off.mean()), 4),
        "its standard error": round(float(off.std() / rounds**0.5), 4),
        "coverage": round(float(held.mean()), 3),
    }


def _figure(labels: int, stages: int, by_rule: bool, rng: np.random.Generator) -> float:
    """One project: the share of audit texts that the model in service has right at the end."""
    chance = rng.beta(*RIGHT, quota(labels))
    serving = rng.random(len(chance)) < chance
    for given in _runs(labels):
        n = quota(given)
        for _ in range(stages):
            new = rng.random(len(chance)) < chance
            enough = n >= ENOUGH_TO_COMPARE
            if enough and (not by_rule or paired_worse(new[:n], serving[:n]) >= WORSE):
                serving = new
    return float(serving.mean())


def _runs(until: int) -> list[int]:
    """Numbers of labels at which a full run ends."""
    found, n = [], FIRST
    while n <= until:
        found.append(n)
        n = ceil(n * GROWTH)
    return found


if __name__ == "__main__":
    main()

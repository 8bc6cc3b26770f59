"""By how much the serving model's audit figure is too high because the same audit texts said which models may serve;
and how often a tuned encoder serves in the end that is worse, or better, than the encoder as it came.

python -m benchmarks.kept_by_luck [--rounds 1500] [--json OUT]

Made up, without texts or models: the encoder as it came is right on .80 of the texts in truth, tuned ones on up
to seven points less or ten more, and two models that are equally good differ on 16 % of the texts. At 32 labels, and
then as the product starts its full runs, new models come; the rule of the product keeps or replaces the one that
serves; at the end its figure is read on the audit texts, as on the results page. Beside it the same where new models
are held against the one that serves alone, and with every new model taken, where there is nothing to be lucky by.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeller.annotation.audit import quota
from labeller.learning.measured_on import machine
from labeller.learning.triggers import ENOUGH_TO_COMPARE, next_full_at
from modelsvc.evaluation.intervals import paired_worse, wilson
from modelsvc.evaluation.paired import BEHIND, WORSE

TRUE = 0.8  # of the encoder as it came
GAINS = (-0.07, -0.03, 0.0, 0.05, 0.1)  # of tuned ones
# How often a model of this make has a given text right: mean .8, and two draws differ with 2 E[p (1 - p)] = .16.
RIGHT = (0.8, 0.2)  # of the beta distribution
FIRST = 32  # labels at which a comparison can be made first
BY_RULE, NO_WAY_BACK, EVERY_ONE = "by the rule", "held against what serves alone", "every one"
POINTS = (128, 525)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1500)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "kept_by_luck", "machine": machine(), "rounds": asked.rounds, "points": []}
    for gain in GAINS:
        for labels in POINTS:
            for stages, taken in ((1, BY_RULE), (2, BY_RULE), (2, NO_WAY_BACK), (1, EVERY_ONE)):
                found = played(labels, stages, gain, taken=taken, rounds=asked.rounds)
                key = {"gain": gain, "labels": labels, "models a run": stages, "taken": taken}
                result["points"].append(key | found)
    text = json.dumps(result, indent=1)
    if asked.json:
        asked.json.write_text(text)
    print(text)


def played(labels: int, stages: int, gain: float, *, taken: str, rounds: int) -> dict[str, float]:
    """Mean of figure minus truth, its standard error, the share of 95 % intervals that hold the truth, and the shares
    of projects in which a tuned encoder serves in the end and in which one ever did."""
    rng = np.random.default_rng(0)
    n = quota(labels)
    off, held = np.empty(rounds), np.empty(rounds)
    serves, ever = np.empty(rounds, np.bool_), np.empty(rounds, np.bool_)
    for at in range(rounds):
        loop = Loop(rng, n, gain, taken)
        loop.play(labels, stages)
        figure, truth = float(loop.serving.mean()), TRUE + gain * loop.is_tuned
        interval = wilson(round(figure * n), n)
        off[at], held[at] = figure - truth, interval.low <= truth <= interval.high
        serves[at], ever[at] = loop.is_tuned, loop.ever_tuned
    return {
        "audit texts": n,
        "bias": round(float(off.mean()), 4),
        "its standard error": round(float(off.std() / rounds**0.5), 4),
        "coverage": round(float(held.mean()), 3),
        "tuned serves": round(float(serves.mean()), 3),
        "tuned ever served": round(float(ever.mean()), 3),
    }


class Loop:
    """One project: which audit texts (n,) the model that serves has right."""

    def __init__(self, rng: np.random.Generator, n: int, gain: float, taken: str) -> None:
        self.rng, self.gain, self.rule = rng, gain, taken
        self.chance = rng.beta(*RIGHT, n)
        self.plain = self.serving = rng.random(n) < self.chance
        self.is_tuned = self.ever_tuned = False

    def play(self, until: int, stages: int) -> None:
        labels, refused = FIRST, 0
        while labels <= until:
            offered = [self.offer(quota(labels)) for _ in range(stages)]
            taken = any(offered)
            refused = 0 if taken else refused + (quota(labels) >= ENOUGH_TO_COMPARE)
            labels = next_full_at(labels, refused=refused)

    def offer(self, n: int) -> bool:
        """A new tuned model, of which the first n audit texts may say whether it serves; whether it does now."""
        new = self.rng.random(len(self.chance)) < self._tuned_chance()
        if n < ENOUGH_TO_COMPARE:
            return False
        taken = self.rule == EVERY_ONE or self._may_serve(new[:n])
        if taken:
            self.serving, self.is_tuned, self.ever_tuned = new, True, True
        elif self.is_tuned and self._is_behind(self.serving[:n]):
            self.serving, self.is_tuned = self.plain, False
        return taken

    def _tuned_chance(self) -> NDArray[np.float64]:
        """(n,) moved towards 0 or 1, so that the mean is TRUE + gain."""
        if self.gain < 0:
            return self.chance * (1 + self.gain / TRUE)
        return self.chance + (1 - self.chance) * self.gain / (1 - TRUE)

    def _may_serve(self, new: NDArray[np.bool_]) -> bool:
        return paired_worse(new, self.serving[: len(new)]) >= WORSE and not self._is_behind(new)

    def _is_behind(self, tuned: NDArray[np.bool_]) -> bool:
        return self.rule == BY_RULE and paired_worse(tuned, self.plain[: len(tuned)]) < BEHIND


if __name__ == "__main__":
    main()

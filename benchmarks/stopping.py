"""Is the forecast right, and what does it cost to follow the advice to stop? Replays with known truth, frozen encoder.

    python -m benchmarks.stopping TRAIN.jsonl TEST.jsonl [more pairs] [--only LABEL,LABEL | --some 20] [--seeds 6]
        [--until 900] [--every 2] [--embeddings FOLDER] [--json OUT]

Each replay goes from 30 labels to `--until`, with a version at each milestone as in the product. At every version from
90 labels on a forecast is made from what the page would know then. `--only`: instead of all labels, one against the
rest, a task for each; `--some`: that many labels, drawn by the seed, and their texts. `--every 2` makes the figures of
every second version only, in half the time. Right: the number of labels to the target within a factor of 1.5 of the
smoothed truth on all texts outside the pool. The advice is followed where it is first given, and compared with the true
accuracy at twice as many labels. Prints one JSON object; a replay that OUT already has is not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.named import without_names
from benchmarks.resumable import already, write
from benchmarks.simulated import NAMED, Corpus, read
from benchmarks.trajectories import trajectory
from labeller.insight.extrapolation import FACTOR, HORIZON, Needed, band_at, farthest, needed, value_at
from labeller.learning.measured_on import machine
from modelsvc.evaluation.forecast import Points, forecast, point
from modelsvc.evaluation.stopping import Signs, Word, advise

POOL, OF_ALL = 3_000, 0.6  # texts of the pool: so many, and of few texts this share
FROM = 90
ENOUGH_AUDIT = 30
NEARLY = 0.98  # of twice the labels: milestones do not fall on it
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="TRAIN TEST")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--some", type=int, default=0)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--until", type=int, default=900)
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    parser.add_argument("--json", type=Path)
    without_names(parser)
    options = parser.parse_args()
    report = already(options.json) | {"benchmark": "stopping", "machine": machine(), "pool": POOL}
    for train, test in zip(options.files[::2], options.files[1::2], strict=True):
        corpus = read(train, test, options.embeddings, asks_names=not options.without_names)
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            tasks = [one_against_rest(corpus, label) for label in options.only] or [
                some_labels(corpus, options.some, seed)
            ]
            for task in tasks:
                key = {"task": task.name, "seed": seed, "until": options.until}
                if any(key.items() <= run.items() for run in report["runs"]):
                    continue
                started = time.perf_counter()
                pool_size = min(POOL, int(OF_ALL * len(task.X)))
                versions = trajectory(task, seed, pool_size=pool_size, until=options.until, every=options.every)
                seconds = round(time.perf_counter() - started, 1)
                report["runs"].append(key | {"versions": versions, "seconds": seconds})
                write(report, options.json, table)
                print(task.name, seed, seconds, file=sys.stderr, flush=True)
    write(report, options.json, table)
    print(json.dumps({name: report[name] for name in ("benchmark", "machine", "pool", "table")}, indent=1))


def one_against_rest(corpus: Corpus, label: str) -> Corpus:
    """Without names: an encoder is deaf to the "not" of the second."""
    carries = corpus.Y[:, corpus.label_names.index(label)]
    names, task = [label, f"not {label}"], f"{corpus.name.removesuffix(NAMED)}: {label}"
    return replace(corpus, name=task, Y=np.column_stack([carries, 1 - carries]),
                   multi_label=False, label_names=names, words=None, label_X=None)  # fmt: skip


def some_labels(corpus: Corpus, count: int, seed: int) -> Corpus:
    """The texts of `count` labels, drawn by the seed; the corpus itself for 0."""
    if not count:
        return corpus
    picked = np.sort(np.random.default_rng([seed, count]).permutation(len(corpus.label_names))[:count])
    rows, names = corpus.Y[:, picked].any(axis=1), [corpus.label_names[label] for label in picked]
    name = f"{corpus.name}: {count} labels"
    label_X = None if corpus.label_X is None else corpus.label_X[picked]
    Y = corpus.Y[rows][:, picked]
    return replace(corpus, name=name, X=corpus.X[rows], Y=Y, label_names=names, label_X=label_X)


def table(runs: list[Row]) -> list[Row]:
    return [_row(name, [run["versions"] for run in runs if run["task"] == name])
            for name in dict.fromkeys(run["task"] for run in runs)]  # fmt: skip


def _row(name: str, replays: list[list[Row]]) -> Row:
    made = [fact for versions in replays for fact in forecasts(versions)]
    told = [fact for fact in made if "offered" not in fact]
    shown, offered = (
        [fact for fact in facts if "right" in fact] for facts in (told, [f for f in made if "offered" in f])
    )
    far = [fact["far"] for fact in told if "far" in fact]
    losses = [loss for versions in replays if (loss := loss_of_stopping(versions)) is not None]
    bands = [fact["band_held"] for fact in told if "band_held" in fact]
    return {
        "task": name,
        "replays": len(replays),
        "asked": len(told),
        "back_test_passed": sum(fact["passed"] for fact in told),
        "number_named": len(shown),
        "right": sum(fact["right"] for fact in shown),
        "farthest_named": len(offered),
        "farthest_right": sum(fact["right"] for fact in offered),
        "interval_held": sum(fact["held"] for fact in shown + offered),
        "more_than_twice": [sum(far), len(far)],
        "band_held": [sum(bands), len(bands)],
        "stopped": [{"labels": labels, "points_lost": round(100 * lost, 2)} for labels, lost in losses],
    }


def forecasts(versions: list[Row]) -> list[Row]:
    """What was told at each version: of the page's own target, of 3 points above where the model stands, and of the
    farthest target that a number could be named for."""
    labels, truth = smoothed(versions)
    found = []
    for at in range(len(versions)):
        now = versions[at]["labels"]
        made = None if now < FROM else forecast(points(versions[: at + 1]), seed=0)
        if made is None or HORIZON * now > labels[-1]:
            continue  # the truth at twice the labels is not known
        low, high = band_at(made.drawn, HORIZON * now)
        band = {"band_held": bool(low <= np.interp(HORIZON * now, labels, truth) <= high)} if made.passed else {}
        standing = value_at(made.best, now)
        for target in sorted({5 * int(np.floor(20 * standing + 0.2)) + 5, int(np.ceil(100 * standing)) + 3}):
            fact = {"labels": now, "target": target, "passed": made.passed} | band
            if made.passed:
                fact |= _judged(needed(made.drawn, target / 100, now=now), target, now, labels, truth)
            found.append(fact)
            band = {}
        if made.passed and (offer := farthest(made.drawn, standing, now=now)):
            fact = {"labels": now, "target": offer[0], "offered": True}
            found.append(fact | _judged(offer[1], offer[0], now, labels, truth))
    return found


def _judged(told: Needed, target: int, now: int, labels: NDArray[np.float64], truth: NDArray[np.float64]) -> Row:
    """Whether a number that was named is right, its interval held, and "more than twice the labels" is so."""
    reached = labels[(truth >= target / 100) & (labels >= now)]
    true = float(reached[0]) if len(reached) else float("inf")
    if told.named is not None:
        return {"right": 1 / FACTOR <= told.named / true <= FACTOR, "held": told.low <= true <= told.high}
    return {"far": true > HORIZON * now} if told.is_far else {}


def points(versions: list[Row]) -> Points:
    """The curve as the worker would see it."""
    used = [v for v in versions if v["audit"] >= ENOUGH_AUDIT]
    made = [point(v["confidence"], v["off"], v["off_variance"], v["audit"]) for v in used]
    share, variance = np.array(made).reshape(-1, 2).T
    labels, audit = (np.array([v[name] for v in used], np.float64) for name in ("labels", "audit"))
    return Points(labels, audit, share, variance)


def smoothed(versions: list[Row]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The true accuracy without the ups and downs of single models: a kernel over log labels, then never falling."""
    labels = np.array([v["labels"] for v in versions], np.float64)
    truth = np.array([v["true_accuracy"] for v in versions])
    near = np.exp(-0.5 * (np.subtract.outer(np.log(labels), np.log(labels)) / 0.1) ** 2)
    return labels, np.maximum.accumulate(near @ truth / near.sum(axis=1))


def loss_of_stopping(versions: list[Row]) -> tuple[int, float] | None:
    """(Labels where it was first advised, accuracy lost against twice as many); None where it never was in time."""
    for at, version in enumerate(versions):
        twice = NEARLY * 2 * version["labels"]
        if twice > versions[-1]["labels"]:
            return None
        made = forecast(points(versions[: at + 1]), seed=0)
        signs = Signs(
            kappas=[one for v in versions[: at + 1] for one in v["kappas"]],
            entropy=version["entropy"],
            gain=made.gain(made.labels)[2] if made is not None and made.passed else None,
            audit=version["audit"],
            seen={0: version["least_seen"]},
        )
        if advise(signs).word == Word.STOP:
            later = next(v for v in versions if v["labels"] >= twice)
            return version["labels"], later["true_accuracy"] - version["true_accuracy"]
    return None


if __name__ == "__main__":
    main()

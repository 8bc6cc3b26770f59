"""Is the forecast right, and what does it cost to follow the advice to stop? Replays with known truth, frozen encoder.

    python -m benchmarks.stopping TRAIN.jsonl TEST.jsonl [more pairs] [--only LABEL,LABEL] [--seeds 6] [--until 900]
        [--embeddings FOLDER] [--json OUT]

Each replay goes from 30 labels to `--until`, with a version at each milestone as in the product. At every version from
90 labels on a forecast is made from what the page would know then. `--only`: instead of all labels, one against the
rest, a task for each. Right: the number of labels to the target within a factor of 1.5 of the smoothed truth on all
texts outside the pool. The advice is followed where it is first given, and compared with the true accuracy at twice as
many labels. Prints one JSON object; a replay that OUT already has is not made again.
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

from benchmarks.machine import machine
from benchmarks.resumable import already, write
from benchmarks.simulated import Corpus, read
from benchmarks.trajectories import trajectory
from labeller.insight.extrapolation import FACTOR, HORIZON, band_at, needed, value_at
from modelsvc.forecast import Points, forecast, point
from modelsvc.stopping import Signs, Word, advise

POOL = 3_000
FROM = 90
ENOUGH_AUDIT = 30
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="TRAIN TEST")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--until", type=int, default=900)
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = already(options.json) | {"benchmark": "stopping", "machine": machine(), "pool": POOL}
    for train, test in zip(options.files[::2], options.files[1::2], strict=True):
        corpus = read(train, test, options.embeddings)
        tasks = [one_against_rest(corpus, label) for label in options.only] or [corpus]
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for task in tasks:
                key = {"task": task.name, "seed": seed, "until": options.until}
                if any(key.items() <= run.items() for run in report["runs"]):
                    continue
                started = time.perf_counter()
                versions = trajectory(task, seed, pool_size=POOL, until=options.until)
                seconds = round(time.perf_counter() - started, 1)
                report["runs"].append(key | {"versions": versions, "seconds": seconds})
                write(report, options.json, table)
                print(task.name, seed, seconds, file=sys.stderr, flush=True)
    write(report, options.json, table)
    print(json.dumps({name: report[name] for name in ("benchmark", "machine", "pool", "table")}, indent=1))


def one_against_rest(corpus: Corpus, label: str) -> Corpus:
    carries = corpus.Y[:, corpus.label_names.index(label)]
    names = [label, f"not {label}"]
    return replace(corpus, name=f"{corpus.name}: {label}", Y=np.column_stack([carries, 1 - carries]),
                   multi_label=False, label_names=names)  # fmt: skip


def table(runs: list[Row]) -> list[Row]:
    return [_row(name, [run["versions"] for run in runs if run["task"] == name])
            for name in dict.fromkeys(run["task"] for run in runs)]  # fmt: skip


def _row(name: str, replays: list[list[Row]]) -> Row:
    told = [fact for versions in replays for fact in forecasts(versions)]
    shown = [fact for fact in told if "right" in fact]
    losses = [loss for versions in replays if (loss := loss_of_stopping(versions)) is not None]
    bands = [fact["band_held"] for fact in told if "band_held" in fact]
    return {
        "task": name,
        "replays": len(replays),
        "asked": len(told),
        "back_test_passed": sum(fact["passed"] for fact in told),
        "number_named": len(shown),
        "right": sum(fact["right"] for fact in shown),
        "interval_held": sum(fact["held"] for fact in shown),
        "band_held": [sum(bands), len(bands)],
        "stopped": [{"labels": labels, "points_lost": round(100 * lost, 2)} for labels, lost in losses],
    }


def forecasts(versions: list[Row]) -> list[Row]:
    """One for each version and target: the page's own target, and 3 points above where the model stands."""
    labels, truth = smoothed(versions)
    found = []
    for at in range(len(versions)):
        now = versions[at]["labels"]
        made = None if now < FROM else forecast(points(versions[: at + 1]), seed=0)
        if made is None or HORIZON * now > labels[-1]:
            continue  # the truth at twice the labels is not known
        low, high = band_at(made.drawn, HORIZON * now)
        band = {"band_held": bool(low <= np.interp(HORIZON * now, labels, truth) <= high)} if made.passed else {}
        standing = 100 * value_at(made.best, now)
        for target in sorted({5 * np.floor(standing / 5 + 0.2) + 5, np.ceil(standing) + 3}):
            fact: Row = {"labels": now, "target": target, "passed": made.passed} | band
            told = needed(made.drawn, target / 100, now=now)
            if made.passed and told.is_sure and told.labels > now:
                reached = labels[(truth >= target / 100) & (labels >= now)]
                true = float(reached[0]) if len(reached) else float("inf")
                fact |= {"right": 1 / FACTOR <= told.labels / true <= FACTOR, "held": told.low <= true <= told.high}
            found.append(fact)
            band = {}
    return found


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
        if 2 * version["labels"] > versions[-1]["labels"]:
            return None
        made = forecast(points(versions[: at + 1]), seed=0)
        signs = Signs(
            kappas=[v["kappa"] for v in versions[: at + 1] if v["kappa"] is not None],
            entropy=version["entropy"],
            gain=made.gain(made.labels)[2] if made is not None and made.passed else None,
            audit=version["audit"],
            seen={0: version["least_seen"]},
        )
        if advise(signs).word == Word.STOP:
            later = next(v for v in versions if v["labels"] >= 2 * version["labels"])
            return version["labels"], later["true_accuracy"] - version["true_accuracy"]
    return None


if __name__ == "__main__":
    main()

"""Seconds from a cancel until a full run has stopped.

    python -m benchmarks.cancel TEXTS.jsonl [--labels 64] [--pool 10000] [--cancels 5] [--seed 0] [--json OUT]

A fresh house with up to so many texts of the file, so many of them labelled. First one whole full run in this process,
in which every moment is noted at which it could have been stopped: the longest stretches between two of them say where
a cancel would wait longest, wherever it came. Then full runs that are cancelled at random moments, and how long each
took to stop. On a machine shared with others look at "work", the CPU seconds of its main
thread. One JSON object.
"""

from __future__ import annotations

import argparse
import itertools
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import labelled_pool
from labeller.learning.measured_on import machine

LONGEST = 12  # stretches told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--labels", type=int, default=64)
    parser.add_argument("--pool", type=int, default=labelled_pool.POOL)
    parser.add_argument("--cancels", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    labelled_pool.POOL = options.pool
    with labelled_pool.own_house():
        report = {"benchmark": "cancel", "machine": machine(), "texts": options.texts.name} | measure(options)
    line = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(line + "\n", encoding="utf-8")
    print(line)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    scene = labelled_pool.embedded_scene(options.texts)
    for _ in range(options.labels):
        scene.answer_one()
    looks, seconds = noted_run(scene)
    rng = np.random.default_rng(options.seed)
    stopped = [cancelled_run(scene, float(moment)) for moment in rng.uniform(0, 0.95 * seconds, options.cancels)]
    return {
        "pool": scene.project.documents.count(),
        "labels": options.labels,
        "seed": options.seed,
        "run_s": round(seconds, 1),
        "longest_without_a_look": sorted(looks, key=lambda look: -look["seconds"])[:LONGEST],
        "cancels": stopped,
        "worst_s": max((run["stopped_after_s"] for run in stopped), default=None),
    }


def noted_run(scene: labelled_pool.Scene) -> tuple[list[dict[str, Any]], float]:
    """The stretches of a whole run between two moments at which it could be stopped: how long, and between what."""
    from labeller.learning import runs, services, tasks

    marks: list[tuple[float, float, str]] = []
    tell, check = runs.Heartbeat.tell, runs.Heartbeat.check

    def mark(what: str) -> None:
        marks.append((time.perf_counter(), time.thread_time(), what))

    def noted_tell(self: runs.Heartbeat, stage: str, done: float, seconds_left: float | None = None) -> None:
        mark(stage)
        tell(self, stage, done, seconds_left)

    def noted_check(self: runs.Heartbeat) -> None:
        mark("before writing")
        check(self)

    run = services.start_full(project=scene.project, enqueue=False)
    runs.Heartbeat.tell, runs.Heartbeat.check = noted_tell, noted_check  # type: ignore[method-assign]
    try:
        started = time.perf_counter()
        mark("start")
        tasks.fine_tune(run.pk)
        mark("end")
    finally:
        runs.Heartbeat.tell, runs.Heartbeat.check = tell, check  # type: ignore[method-assign]
    run.refresh_from_db()
    if run.state != "done":
        raise RuntimeError(f"The run ended as {run.state}: {run.reason}")
    stretches = [
        {
            "seconds": round(after[0] - before[0], 2),
            "work": round(after[1] - before[1], 2),
            "from": before[2],
            "to": after[2],
        }
        for before, after in itertools.pairwise(marks)
    ]
    return stretches, time.perf_counter() - started


def cancelled_run(scene: labelled_pool.Scene, moment: float) -> dict[str, Any]:
    """A full run that is asked to stop after `moment` seconds, and how long it took."""
    from django.db import connection

    from labeller.learning import services, tasks

    run = services.start_full(project=scene.project, enqueue=False)
    asked: list[tuple[float, str]] = []

    def cancel() -> None:
        run.refresh_from_db()
        asked.append((time.perf_counter(), run.stage))
        services.cancel(run=run)
        connection.close()

    timer = threading.Timer(moment, cancel)
    timer.start()
    tasks.fine_tune(run.pk)
    ended = time.perf_counter()
    timer.join()
    run.refresh_from_db()
    if run.state != "cancelled":
        return {"after_s": round(moment, 1), "stage": "", "state": run.state, "stopped_after_s": 0.0}
    when, stage = asked[0]
    return {"after_s": round(moment, 1), "stage": stage, "state": run.state, "stopped_after_s": round(ended - when, 2)}


if __name__ == "__main__":
    main()

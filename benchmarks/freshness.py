"""From one more label to the re-ranked queue, with a real quick cluster.

    python -m benchmarks.freshness TEXTS.jsonl [--labels-so-far 200] [--runs 20] [--json OUT]

A fresh house with up to 10,000 texts of the file, read by the bundled encoder, so many of them labelled as the file
says. Then one answer after another through the services; the clock runs from before the answer until the database
shows an order that knows this label. "work" is the refit's own share: from its claim to its commit. One JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.labelled_pool import Scene, embedded_scene, own_house
from labeller.learning.measured_on import machine

PATIENCE_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--labels-so-far", type=int, default=200)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with own_house():
        report = {"benchmark": "freshness", "machine": machine(), "texts": options.texts.name} | measure(options)
    line = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(line + "\n", encoding="utf-8")
    print(line)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    scene = embedded_scene(options.texts)
    for _ in range(options.labels_so_far):
        scene.answer_one()
    from django.conf import settings

    environment = os.environ | {"Q_CLUSTER_NAME": "quick"}
    command = [sys.executable, "manage.py", "qcluster"]
    cluster = subprocess.Popen(command, cwd=settings.BASE, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for_order(options.labels_so_far)  # the refit that was queued meanwhile; it also warms one worker up
        for warm in range(1, 5):  # and the other: each loads the pool once
            one_label(scene, options.labels_so_far + warm)
        runs = [one_label(scene, options.labels_so_far + 4 + at) for at in range(1, options.runs + 1)]
    finally:
        cluster.terminate()
        cluster.wait()
    seconds, work = [run[0] for run in runs], [run[1] for run in runs]
    return {
        "pool": scene.project.documents.count(),
        "labels": len(scene.label_ids),
        "labels_so_far": options.labels_so_far,
        "seed": 0,
        "seconds": [round(s, 3) for s in seconds],
        "work_seconds": [round(s, 3) for s in work],
        "median_s": round(statistics.median(seconds), 3),
        "median_work_s": round(statistics.median(work), 3),
        "worst_s": round(max(seconds), 3),
    }


def one_label(scene: Scene, labels: int) -> tuple[float, float]:
    """(seconds from the answer to an order that knows it, seconds of work in that)."""
    started = time.perf_counter()
    scene.answer_one()
    work = wait_for_order(labels)
    return time.perf_counter() - started, work


def wait_for_order(labels: int) -> float:
    """Wait until the queue was ordered on `labels` labels; the seconds that refit worked."""
    from labeller.learning.models import LoopState

    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        loop = LoopState.objects.first()
        if loop and loop.refresh_error:
            raise RuntimeError(loop.refresh_error)
        if loop and loop.refreshed_at and loop.refresh_claimed_at and loop.refresh_labels >= labels:
            return (loop.refreshed_at - loop.refresh_claimed_at).total_seconds()
        time.sleep(0.005)
    raise RuntimeError(f"No order on {labels} labels within {PATIENCE_S:.0f} s.")


if __name__ == "__main__":
    main()

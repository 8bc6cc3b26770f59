"""Seconds of a full run, stage by stage.

    python -m benchmarks.full_run TEXTS.jsonl [--labels 100] [--json OUT]

A fresh house with up to 10,000 texts of the file, so many of them labelled as the file says; then one full run in this
process, as the training worker does it: fine-tune, read the whole pool anew, fit and score the head, store. One JSON
object: of each stage when it was stored, what it took, and whether it serves.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.labelled_pool import embedded_scene, own_house
from labeller.learning.measured_on import machine

if TYPE_CHECKING:
    from labeller.learning.models import ModelVersion


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with own_house():
        report = {"benchmark": "full_run", "machine": machine(), "texts": options.texts.name} | measure(options)
    line = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(line + "\n", encoding="utf-8")
    print(line)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    started = time.perf_counter()
    scene = embedded_scene(options.texts)
    embedding_s = time.perf_counter() - started
    for _ in range(options.labels):
        scene.answer_one()
    from labeller.learning import services, tasks
    from labeller.learning.models import ModelVersion

    run = services.start_full(project=scene.project, enqueue=False)
    began, started = datetime.now(UTC), time.perf_counter()
    tasks.fine_tune(run.pk)
    seconds = time.perf_counter() - started
    run.refresh_from_db()
    versions = list(ModelVersion.objects.filter(run=run).order_by("number"))
    if not versions:
        raise RuntimeError(f"The run ended as {run.state}: {run.reason}")
    return {
        "pool": scene.project.documents.count(),
        "labels": options.labels,
        "seed": versions[0].seed,
        "import_and_first_reading_s": round(embedding_s, 1),
        "seconds": round(seconds, 1),
        "stages": [_stage(version, began) for version in versions],
    }


def _stage(version: ModelVersion, began: datetime) -> dict[str, Any]:
    return {
        "stage": version.settings["stage"],
        "after_s": round((version.created_at - began).total_seconds(), 1),
        "fine_tuning_s": version.settings["fine_tuning_s"],
        "reading_s": version.settings["reading_s"],
        "audit_accuracy": version.metrics.get("accuracy", {}).get("value"),
        "audit_texts": version.n_audit,
        "decision": version.settings["promotion"],
    }


if __name__ == "__main__":
    main()

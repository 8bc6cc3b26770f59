"""What each part of the fine-tuning is worth, like section 5 of the ULMFiT paper.

    python -m benchmarks.ablation TRAIN.jsonl TEST.jsonl [more pairs] [--labels 100] [--labels-several 200] [--seeds 5]
        [--switches a,b] [--held-back] [--seconds S] [--work DIR] [--json OUT]

Each part of the default is taken away, and each part that is off by default is put in, one at a time; the same random
labels at a seed for all. Runs that OUT already has are not made again, so a stopped benchmark goes on where it was.
Judged are at most 500 test texts (1,200 where a text may have several labels), the same ones always. One JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.ablation_sets import LabelledFile, judge, read_set
from benchmarks.resumable import already, write
from labeller.learning.measured_on import machine
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from modelsvc.tuning.adapt import adapt
from modelsvc.tuning.adapt_config import AdaptConfig, Method
from modelsvc.tuning.finetune import FineTuneConfig, fine_tune

FROZEN = "frozen encoder"
SWITCHES: dict[str, dict[str, Any]] = {
    "default": {},
    FROZEN: {},
    "one rate for all layers": {"layer_decay": 1.0},
    "constant rate": {"schedule": "constant"},
    "gradual unfreezing": {"unfreeze": 0.5},
    "head from nothing": {"head_start": 0.0},
    "head at full strength": {"head_start": 1.0},
    "concat pooling": {"concat": True},
    "word vectors learn too": {"freeze_embeddings": False},
    "no label smoothing": {"label_smoothing": 0.0},
    "no dropout": {"dropout": False},
    "no balance of labels": {"balance": False},
    "half as many steps of 32": {"batch": 32},
    "adapted by SimCSE": {"adapt": "simcse"},
    "adapted by masked words": {"adapt": "masked words"},
    "half the steps": {"share_of_steps": 0.5},
    "two thirds of the steps": {"share_of_steps": 2 / 3},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="TRAIN TEST")
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--labels-several", type=int, default=200, help="where a text may have several labels")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--switches", help="names, with commas; all by default")
    parser.add_argument("--held-back", action="store_true", help="judge on a third of TRAIN, never opening TEST")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no run after so long")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "labeller-ablation")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if len(options.files) % 2:
        parser.error(f"Files come in pairs, TRAIN TEST: {len(options.files)} were given.")
    for path in options.files:
        if not path.exists():
            parser.error(f"{path} is not there.")
    switches = options.switches.split(",") if options.switches else list(SWITCHES)
    for name in switches:
        if name not in SWITCHES:
            parser.error(f"No switch is called {name!r}; there are: {', '.join(SWITCHES)}.")
    torch.set_num_threads(options.threads)
    report = already(options.json) | {"benchmark": "ablation", "machine": machine(), "threads": options.threads}
    pairs = list(zip(options.files[::2], options.files[1::2], strict=True))
    sets = [read_set(train, test, held_back=options.held_back) for train, test in pairs]
    stop = time.perf_counter() + options.seconds
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for data in sets:
            for switch in switches:
                labels = options.labels_several if data.multi_label else options.labels
                key: dict[str, Any] = {"set": data.name, "judged": "third of train" if options.held_back else "test"}
                key |= {"labels": labels, "switch": switch, "seed": seed}
                if any(key.items() <= run.items() for run in report["runs"]) or time.perf_counter() > stop:
                    continue
                report["runs"].append(key | one_run(data, switch, labels, seed, options.work, options.threads))
                print(report["runs"][-1], file=sys.stderr, flush=True)
                write(report, options.json, table)
    write(report, options.json, table)
    print(json.dumps(report, indent=1))


def one_run(data: LabelledFile, switch: str, labels: int, seed: int, work: Path, threads: int) -> dict[str, Any]:
    """Tune with one switch thrown and judge; seconds of the tuning alone."""
    rows = data.draw(labels, seed)
    folder, changes = resolve(BUNDLED), dict(SWITCHES[switch])
    if switch == FROZEN:
        return judge(data, rows, Encoder.load(folder, threads=threads), seed=seed) | {"seconds": 0.0, "steps": 0}
    share, before_s = changes.pop("share_of_steps", 1.0), 0.0
    if method := changes.pop("adapt", None):
        folder, before_s = adapted(data, method, work, threads)
    config = replace(FineTuneConfig(seed=seed), **changes)
    steps = FineTuneConfig(batch=min(config.batch, 16)).steps(labels) * share * min(config.batch, 16) / config.batch
    config = replace(config, epochs=round(steps) * config.batch / labels)
    texts = [data.texts[row] for row in rows]
    worked = time.process_time()
    tuned = fine_tune(folder, texts, data.Y[rows], multi_label=data.multi_label, config=config, threads=threads)
    cost = {"seconds": round(tuned.seconds, 1), "cpu_s": round(time.process_time() - worked, 1)}
    cost |= {"cpu_s_before": round(before_s, 1), "steps": len(tuned.log)}
    return judge(data, rows, tuned.encoder, seed=seed) | cost


def adapted(data: LabelledFile, method: Method, work: Path, threads: int) -> tuple[Path, float]:
    """An encoder adapted to the whole train file once, for all seeds: its folder, and the CPU seconds it took."""
    folder = work / f"{data.name}.{len(data.texts)}.{method.replace(' ', '-')}"
    if not (folder / "seconds.json").exists():
        worked = time.process_time()
        found = adapt(resolve(BUNDLED), data.texts, config=AdaptConfig(method=method), threads=threads)
        work.mkdir(parents=True, exist_ok=True)
        found.encoder.save(folder)
        (folder / "seconds.json").write_text(json.dumps(time.process_time() - worked))
    return folder, float(json.loads((folder / "seconds.json").read_text()))


def table(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Median, mean, least and most of each figure, by set and switch; the mean gain over the default, seed by seed."""
    rows = []
    for name, judged, labels in sorted({(run["set"], run["judged"], run["labels"]) for run in runs}):
        here = [run for run in runs if (run["set"], run["judged"], run["labels"]) == (name, judged, labels)]
        for switch in dict.fromkeys(run["switch"] for run in here):
            mine = {run["seed"]: run for run in here if run["switch"] == switch}
            base = {run["seed"]: run for run in here if run["switch"] == "default"}
            row: dict[str, Any] = {"set": name, "judged": judged, "labels": labels, "switch": switch}
            row["seeds"] = sorted(mine)
            for figure in ("accuracy", "macro_f1", "micro_f1", "macro_ap", "seconds", "cpu_s"):
                found = [run[figure] for run in mine.values() if figure in run]
                if found:
                    row[figure] = [round(f(found), 4) for f in (median, _mean, min, max)]
                    both = [
                        run[figure] - base[seed][figure]
                        for seed, run in mine.items()
                        if figure in run and figure in base.get(seed, {})
                    ]
                    row[f"{figure}_gain"] = round(_mean(both), 4) if both else None
            rows.append(row)
    return rows


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()

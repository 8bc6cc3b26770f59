"""Do the intervals hold what is true? Simulated projects with known truth, on the frozen encoder.

    python -m benchmarks.coverage TRAIN.jsonl TEST.jsonl [more pairs] [--projects 100] [--labels 120,300]
        [--embeddings FOLDER] [--json OUT]

Each project has a pool of its own (benchmarks/simulated.py). At each number of labels every estimate that the results
page shows is compared with the truth: accuracy and macro-F1 of the quick model on all texts outside the pool, each
label's share of the pool on the pool itself. Beside it what one would read off the labels that a model chose. Prints
one JSON object; a project that OUT already has is not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.resumable import already, write
from benchmarks.simulated import Moment, Project, part, play, read
from modelsvc.assisted_f1 import Expected, assisted_macro_f1
from modelsvc.evaluate import audit_report
from modelsvc.intervals import Interval, bootstrap_macro_f1, macro_f1, wilson
from modelsvc.ppi import Proxy, confidence, tightened_share

POOL = 3_000
Fact = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="TRAIN TEST")
    parser.add_argument("--projects", type=int, default=100, help="of each pair of files")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--labels", type=lambda text: [int(n) for n in text.split(",")], default=[120, 300])
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = already(options.json) | {"benchmark": "coverage", "machine": machine(), "pool": POOL}
    for train, test in zip(options.files[::2], options.files[1::2], strict=True):
        corpus = read(train, test, options.embeddings)
        for seed in range(options.first_seed, options.first_seed + options.projects):
            key = {"set": corpus.name, "seed": seed, "labels": options.labels}
            if any(key.items() <= run.items() for run in report["runs"]):
                continue
            started, project = time.perf_counter(), part(corpus, seed, pool_size=POOL)
            facts = [fact for moment in play(project, seed, at=options.labels) for fact in measured(project, moment)]
            report["runs"].append(key | {"facts": facts, "seconds": round(time.perf_counter() - started, 1)})
            write(report, options.json, table)
            print(corpus.name, seed, report["runs"][-1]["seconds"], file=sys.stderr, flush=True)
    print(json.dumps({name: report[name] for name in ("benchmark", "machine", "pool", "table")}, indent=1))


def measured(project: Project, moment: Moment) -> list[Fact]:
    """Each estimate of this moment with its truth."""
    corpus, multi = project.corpus, project.corpus.multi_label
    rest_Y, n = corpus.Y[project.rest], len(moment.labelled)
    true_right = float((moment.rest_answers == rest_Y).all(axis=1).mean())
    true_f1 = macro_f1(rest_Y, moment.rest_answers)
    gold, audit = project.Y[moment.labelled], moment.is_audit
    report = audit_report(gold[audit], moment.answers[audit], multi_label=multi, seed=0)
    right = (moment.answers == gold).all(axis=1)
    sure = confidence(moment.unseen, moment.answers, multi_label=multi)
    everywhere = Proxy.of(confidence(moment.pool_proba, moment.pool_answers, multi_label=multi))
    chosen = ~audit
    hoped = Expected.of(moment.pool_proba, moment.pool_answers)
    helped = assisted_macro_f1(gold[audit], moment.answers[audit], moment.unseen[audit], hoped, seed=0)
    facts = [
        _fact("accuracy", n, report.accuracy, true_right),
        _fact("accuracy, tightened", n, tightened_share(right[audit], sure[audit], everywhere), true_right),
        _fact("accuracy, chosen labels", n, wilson(int(right[chosen].sum()), int(chosen.sum())), true_right),
        _fact("macro-F1", n, report.macro_f1, true_f1),
        *([] if helped is None else [_fact("macro-F1, tightened", n, helped, true_f1)]),
        _fact("macro-F1, chosen labels", n, bootstrap_macro_f1(gold[chosen], moment.answers[chosen], seed=0), true_f1),
    ]
    for c in range(gold.shape[1]):
        truth, has = float(project.Y[:, c].mean()), gold[:, c] > 0
        everywhere = Proxy.of(moment.pool_proba[:, c])
        held = tightened_share(has[audit], moment.unseen[audit, c], everywhere, texts=len(project.pool))
        facts += [
            _fact("share", n, held, truth),
            _fact("share, audit alone", n, wilson(int(has[audit].sum()), int(audit.sum())), truth),
            _fact("share, chosen labels", n, wilson(int(has[chosen].sum()), int(chosen.sum())), truth),
        ]
    return facts


def _fact(what: str, labels: int, found: Interval, truth: float) -> Fact:
    figures = {"value": found.value, "low": found.low, "high": found.high, "truth": truth}
    return {"what": what, "labels": labels} | {name: round(figure, 5) for name, figure in figures.items()}


def table(runs: list[Fact]) -> list[Fact]:
    """How often each interval held the truth, how wide it was, and how far its middle lay from the truth."""
    rows = []
    for name in dict.fromkeys(run["set"] for run in runs):
        facts = [fact for run in runs if run["set"] == name for fact in run["facts"]]
        for what, labels in dict.fromkeys((fact["what"], fact["labels"]) for fact in facts):
            mine = [fact for fact in facts if (fact["what"], fact["labels"]) == (what, labels)]
            held = [fact["low"] <= fact["truth"] <= fact["high"] for fact in mine]
            rows.append(
                {
                    "set": name,
                    "what": what,
                    "labels": labels,
                    "intervals": len(mine),
                    "held": round(float(np.mean(held)), 3),
                    "width": round(float(np.mean([fact["high"] - fact["low"] for fact in mine])), 4),
                    "too_high_by": round(float(np.mean([fact["value"] - fact["truth"] for fact in mine])), 4),
                }
            )
    return rows


if __name__ == "__main__":
    main()

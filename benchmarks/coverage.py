"""Do the intervals hold what is true? Simulated projects with known truth, on the frozen encoder.

    python -m benchmarks.coverage TRAIN.jsonl TEST.jsonl [more pairs] [--projects 100] [--labels 120,300]
        [--embeddings FOLDER] [--moments FOLDER] [--json OUT]

Each project has a pool of its own (benchmarks/simulated.py). At each number of labels every estimate that the results
page shows is compared with the truth: accuracy, macro-F1 and the figures of each label, of the quick model, on all
texts outside the pool; each label's share of the pool on the pool itself. Beside it what one would read off the labels
that a model chose, and macro-F1 on small test files. Prints one JSON object; a project that OUT already has is not made
again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.named import without_names
from benchmarks.resumable import already, write
from benchmarks.simulated import Moment, Project, kept, part, read
from labeller.learning.measured_on import machine
from modelsvc.evaluation.assisted_f1 import Expected, LabelFigures, assisted_figures
from modelsvc.evaluation.evaluate import LabelReport, audit_report
from modelsvc.evaluation.few_wrong import with_few_wrong
from modelsvc.evaluation.intervals import Interval, bootstrap_macro_f1, macro_f1, wilson
from modelsvc.evaluation.ppi import Proxy, confidence, tightened_share
from modelsvc.types import Targets

POOL = 3_000
TEST_FILES = (30, 100, 400)  # texts
BANDS = ((0, "0 texts"), (1, "1 to 4 texts"), (5, "5 to 19 texts"), (20, "20 texts or more"))  # that carry a label
Fact = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="TRAIN TEST")
    parser.add_argument("--projects", type=int, default=100, help="of each pair of files")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--labels", type=lambda text: [int(n) for n in text.split(",")], default=[120, 300])
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    parser.add_argument("--moments", type=Path, help="a folder in which what was played is kept")
    parser.add_argument("--json", type=Path)
    without_names(parser)
    options = parser.parse_args()
    report = already(options.json) | {"benchmark": "coverage", "machine": machine(), "pool": POOL}
    for train, test in zip(options.files[::2], options.files[1::2], strict=True):
        corpus = read(train, test, options.embeddings, asks_names=not options.without_names)
        for seed in range(options.first_seed, options.first_seed + options.projects):
            key = {"set": corpus.name, "seed": seed, "labels": options.labels}
            if any(key.items() <= run.items() for run in report["runs"]):
                continue
            started, project = time.perf_counter(), part(corpus, seed, pool_size=POOL)
            moments = kept(project, seed, at=options.labels, folder=options.moments)
            facts = [fact for moment in moments for fact in measured(project, moment)]
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
    carried = gold.any(axis=0)
    helped = assisted_figures(gold[audit], moment.answers[audit], moment.unseen[audit], hoped, seed=0, carried=carried)
    helped = with_few_wrong(helped, gold[audit], moment.answers[audit], multi_label=multi, seed=0)
    helped_f1 = helped and helped.macro_f1
    carrying = int(gold[audit].any(axis=1).sum())
    facts = [
        _fact("accuracy", n, report.accuracy, true_right),
        _fact("accuracy, tightened", n, tightened_share(right[audit], sure[audit], everywhere), true_right),
        _fact("accuracy, chosen labels", n, wilson(int(right[chosen].sum()), int(chosen.sum())), true_right),
        _fact("macro-F1", n, report.macro_f1, true_f1),
        _fact("macro-F1, bootstrap alone", n, report.resampled_f1, true_f1),
        *([_fact("macro-F1, tightened", n, helped_f1, true_f1)] if helped_f1 else []),
        *_where_rare(
            carrying, n, {"tightened": helped_f1, "bootstrap alone": report.resampled_f1}, true_f1, multi=multi
        ),
        *_on_test_files(project, moment, n, true_f1),
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
    for c, plain in enumerate(report.per_label):
        facts += _of_label(c, moment, {"plain": plain} | ({"tightened": helped.labels[c]} if helped else {}), rest_Y)
    return facts


def _where_rare(
    carrying: int, n: int, found: dict[str, Interval | None], truth: float, *, multi: bool
) -> Iterator[Fact]:
    """Macro-F1 once more, by how many audit texts carry any label."""
    if multi:
        band = next(name for least, name in reversed(BANDS) if carrying >= least)
        for how, interval in found.items():
            if interval:
                yield _fact(f"macro-F1, {how}, {band} with a label", n, interval, truth)


def _on_test_files(project: Project, moment: Moment, n: int, truth: float) -> Iterator[Fact]:
    """Macro-F1 of the same model on texts drawn at random from outside the pool, as a test file would have them."""
    for size in TEST_FILES:
        rows = np.random.default_rng([int(project.rest[0]), size]).choice(len(project.rest), size, replace=False)
        gold, said = project.corpus.Y[project.rest[rows]], moment.rest_answers[rows]
        report = audit_report(gold, said, multi_label=project.corpus.multi_label, seed=0)
        yield _fact(f"macro-F1, {size} test texts", n, report.macro_f1, truth)
        yield _fact(f"macro-F1, {size} test texts, bootstrap alone", n, report.resampled_f1, truth)


def _of_label(
    c: int, moment: Moment, found: Mapping[str, LabelReport | LabelFigures], rest_Y: Targets
) -> Iterator[Fact]:
    """Precision, recall and F1 of one label, by how many audit texts carry it. Without an interval where the audit has
    none, without a truth of precision where the model gives the label to no text at all."""
    plain = found["plain"]
    assert isinstance(plain, LabelReport)
    band = next(name for least, name in reversed(BANDS) if plain.support >= least)
    carries, given = rest_Y[:, c] > 0, moment.rest_answers[:, c] > 0
    hits, support, predicted = (int(part.sum()) for part in (carries & given, carries, given))
    truths = (hits / max(1, predicted), hits / max(1, support), 2 * hits / max(1, support + predicted))
    for how, figures in found.items():
        intervals = (figures.precision if predicted else None, figures.recall, figures.f1)
        for what, interval, truth in zip(("precision", "recall", "F1"), intervals, truths, strict=True):
            if interval:
                yield _fact(f"{what} of a label, {how}, {band}", len(moment.labelled), interval, truth)


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

"""Several labels a text, most of them rare: macro-F1 at growing numbers of labelled texts, ours against rivals.

    python -m benchmarks.rare_labels TRAIN.jsonl TEST.jsonl [--labels 128,256,525] [--seeds 5] [--tuned 0] [--json OUT]
        [--first search|any] [--embeddings FOLDER]

JSON Lines with `text` and `labels`. Everybody but the random order starts with one text of each label, which counts as
labelled: the one that a search for the label's name shows first (--first search), or any one (--first any). `--tuned N`
also fine-tunes the encoder on ours at every point of the first N seeds. Prints one JSON object: every run, the mean and
the spread, and each label's precision, recall and counts in ours at the last point.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rare_labels_arms import ARMS, Corpus, answers_of_svm, read_corpus, start_texts, tuned_answers
from labeller.learning.measured_on import machine
from modelsvc.evaluation.evaluate import audit_report, macro_f1


def main() -> None:
    options = arguments()
    for path in (options.train, options.test):
        if not path.exists():
            sys.exit(f"{path} is not there; give the paths of the training and the test file.")
    report = measure(options)
    text = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--labels", type=lambda text: [int(n) for n in text.split(",")], default=[128, 256, 525])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--tuned", type=int, default=0, help="seeds in which the encoder is fine-tuned as well")
    parser.add_argument("--arms", type=lambda text: text.split(","), default=list(ARMS))
    parser.add_argument("--first", choices=["search", "any"], default="search")
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure(options: argparse.Namespace) -> dict[str, Any]:
    corpus = read_corpus(options.train, options.test, options.embeddings)
    runs: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    seconds: dict[str, list[float]] = defaultdict(list)
    per_label: list[dict[str, Any]] = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        first = start_texts(corpus, options.first, seed)
        for name in options.arms:
            started = time.perf_counter()
            for n, (rows, answers) in ARMS[name](corpus, first, options.labels, seed).items():
                runs[name][n].append(macro_f1(corpus.test_Y, answers))
                if name == "ours" and n == options.labels[-1]:
                    per_label.append(labels_apart(corpus, rows, answers, seed))
                if name == "ours" and seed < options.first_seed + options.tuned:
                    tuned = tuned_answers(corpus, rows, seed)
                    runs["ours_tuned"][n].append(macro_f1(corpus.test_Y, tuned.answers))
                    seconds["fine_tuning"].append(tuned.seconds)
            seconds[name].append(time.perf_counter() - started)
            print(
                seed, name, {n: round(values[-1], 3) for n, values in runs[name].items()}, file=sys.stderr, flush=True
            )
    return {
        "benchmark": "rare_labels",
        "machine": machine(),
        "texts": [len(corpus.Y), len(corpus.test_Y)],
        "labels": {name: int(n) for name, n in zip(corpus.names, corpus.Y.sum(0), strict=True)},
        "first": options.first,
        "search_depth": corpus.search_depths(),
        "seeds": list(range(options.first_seed, options.first_seed + options.seeds)),
        "svm_on_everything": round(macro_f1(corpus.test_Y, answers_of_svm(corpus)), 4),
        "macro_f1": {name: {str(n): summary(values) for n, values in points.items()} for name, points in runs.items()},
        "seconds": {name: [round(one, 1) for one in taken] for name, taken in seconds.items()},
        "ours_at_the_last_point": per_label,
    }


def summary(values: list[float]) -> dict[str, Any]:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return {
        "mean": round(float(np.mean(values)), 4),
        "spread": round(spread, 4),
        "runs": [round(value, 4) for value in values],
    }


def labels_apart(corpus: Corpus, rows: Any, answers: Any, seed: int) -> dict[str, Any]:
    """Micro-F1, and for each label its texts in training and test, precision, recall and F1."""
    report = audit_report(corpus.test_Y, answers, multi_label=True, seed=seed)
    return {
        "micro_f1": round(report.micro_f1.value, 4),
        "exact": round(report.accuracy.value, 4),
        "labels": {
            corpus.names[one.label]: {
                "labelled": int(corpus.Y[rows, one.label].sum()),
                "support": one.support,
                "predicted": one.predicted,
                "precision": round(one.precision.value, 3) if one.precision else None,
                "recall": round(one.recall.value, 3) if one.recall else None,
                "f1": round(one.f1.value, 3) if one.f1 else None,
            }
            for one in report.per_label
        },
    }


if __name__ == "__main__":
    main()

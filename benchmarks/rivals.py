"""What a user would pick instead, on the same texts and the same number of labels. One rival, one seed:

    echo '{"rival": "b", "train": "TRAIN.jsonl", "test": "TEST.jsonl", "labels": [32, 64], "seed": 0}' \\
        | python -m benchmarks.rivals

One JSON line a number of labels, with the rows labelled so far: given back as "chosen", a run goes on where it stopped.
This module and its neighbours import nothing of Labeller but what needs no package: d and e run under an interpreter
of their own (requirements-bench.txt).
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeller.learning.line_process import read_order

Rows = NDArray[np.int64]
Answers = NDArray[np.uint8]  # (n, C) multi-hot

RIVALS = {
    "a": ("random order, plain fine-tuning", "benchmarks.rivals_fine_tuning:play"),
    "b": ("TF-IDF + logistic regression, margin sampling", "benchmarks.rivals_classic:tfidf"),
    "c": ("frozen embeddings + logistic regression, margin sampling", "benchmarks.rivals_classic:frozen"),
    "d": ("small-text, SetFit, breaking ties", "benchmarks.rivals_libraries:small_text"),
    "e": ("setfit, random order", "benchmarks.rivals_libraries:setfit"),
    "svm": ("TF-IDF + linear SVM, random order", "benchmarks.rivals_classic:svm"),
}
OF_THEIR_OWN = ("d", "e")  # need requirements-bench.txt
FIRST = 16  # random labels before a rival that chooses begins to choose


@dataclass(frozen=True)
class Task:
    """A labelled file to choose from, a test file, and how far to go."""

    train_texts: list[str]
    Y: Answers  # (N, C)
    test_texts: list[str]
    test_Y: Answers
    multi_label: bool
    labels: list[int]  # counts wanted, ascending
    seed: int
    chosen: list[int]  # rows labelled by an earlier, interrupted run
    embeddings: tuple[Path, Path] | None = None  # .npy of train and test, in the order of the files; made if missing
    found_first: bool = False  # the first text of each label comes from search
    encoder: Path | None = None  # folder; None: the bundled one

    @property
    def encoder_folder(self) -> Path:
        if self.encoder is not None:
            return self.encoder
        from modelsvc.encoding.encoder_files import BUNDLED, resolve

        return resolve(BUNDLED)

    @cached_property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    @cached_property
    def random_order(self) -> Rows:
        """The same for every rival of this seed; what search has found comes first."""
        order = np.random.default_rng(self.seed).permutation(len(self.train_texts)).astype(np.int64)
        if not self.found_first:
            return order
        found: list[int] = []
        for column in range(self.Y.shape[1]):
            fitting = order[self.Y[order, column] > 0]
            if len(fitting) and not self.Y[found, column].any():
                found.append(int(fitting[0]))
        return np.concatenate([np.array(found, np.int64), order[~np.isin(order, found)]])

    @property
    def left(self) -> list[int]:
        """Counts that are still wanted."""
        return [count for count in self.labels if count > len(self.chosen)]

    def random_rows(self, count: int) -> Rows:
        """The first `count` labels when nothing chooses."""
        return self.random_order[:count]


@dataclass(frozen=True)
class Point:
    """What a rival knew with `rows` labelled: its answers (n, C) on the test file and the seconds since the last."""

    rows: list[int]
    answers: Answers
    seconds: float


def read_task(spec: dict[str, Any]) -> Task:
    train, test = (_rows(Path(spec[name])) for name in ("train", "test"))
    multi = "labels" in train[0]
    names = sorted({name for row in train + test for name in (row["labels"] if multi else [row["label"]])})
    column = {name: at for at, name in enumerate(names)}

    def targets(rows: list[dict[str, Any]]) -> Answers:
        Y = np.zeros((len(rows), len(names)), np.uint8)
        for at, row in enumerate(rows):
            Y[at, [column[name] for name in (row["labels"] if multi else [row["label"]])]] = 1
        return Y

    return Task(
        [row["text"] for row in train],
        targets(train),
        [row["text"] for row in test],
        targets(test),
        multi,
        sorted(spec["labels"]),
        int(spec["seed"]),
        list(spec.get("chosen", [])),
        tuple(Path(path) for path in spec["embeddings"]) if spec.get("embeddings") else None,  # type: ignore[arg-type]
        bool(spec.get("found_first")),
        Path(spec["encoder"]) if spec.get("encoder") else None,
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def figures(truth: Answers, answers: Answers) -> dict[str, float]:
    """Accuracy (the whole answer right), macro- and micro-F1 over the labels that occur. (n, C), (n, C)"""
    true, said = truth.astype(np.int64), answers.astype(np.int64)
    occurs, hits = true.sum(0) + said.sum(0), (true * said).sum(0)
    used = occurs > 0
    return {
        "accuracy": round(float((true == said).all(1).mean()), 4),
        "macro_f1": round(float((2 * hits[used] / occurs[used]).mean()), 4),
        "micro_f1": round(float(2 * hits.sum() / max(occurs.sum(), 1)), 4),
    }


def main() -> None:
    spec = read_order()
    said, sys.stdout = sys.stdout, sys.stderr  # libraries print what they like
    task = read_task(spec)
    module, function = RIVALS[spec["rival"]][1].split(":")
    points: Iterator[Point] = getattr(importlib.import_module(module), function)(task)
    started = time.perf_counter()
    for point in points:
        facts = {"labels": len(point.rows), "seconds": round(point.seconds, 2)} | figures(task.test_Y, point.answers)
        print(json.dumps(facts | {"chosen": [int(row) for row in point.rows]}), file=said, flush=True)
    print(f"{spec['rival']} took {time.perf_counter() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Whether the labels at hand know that tuning pays: what their halves say, beside what is true of models of them all.

    python -m benchmarks.halves TRAIN.jsonl [--labels 32,128] [--seeds 2] [--embeddings FOLDER] [--threads 1]

One label a text. Labels by the default policy over the frozen encoder, from two thirds of TRAIN; the truth is measured
on 600 texts of the other third, with the pool's share in both heads, and with the labels' names in the frozen one,
which without an audit teach no tuned one. Prints one JSON object a run.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled_lines import known_texts
from benchmarks.named import label_texts, without_names
from benchmarks.strategies import Frozen, held_third, labelled_at, read
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from modelsvc.full_run.halves import facts_of
from modelsvc.full_run.recipe_config import RecipeConfig, teacher_for
from modelsvc.full_run.teacher import Task, answers_unseen, teach
from modelsvc.heads.pool_graph import sampled
from modelsvc.heads.quick import fit_head, predict_proba
from modelsvc.types import Proba, silent

JUDGED = 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("--labels", type=lambda text: [int(n) for n in text.split(",")], default=[32, 128])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    parser.add_argument("--threads", type=int, default=1)
    without_names(parser)
    options = parser.parse_args()
    data = read(options.train, options.train, held_back=True, folder=options.embeddings)
    data = replace(data, asks_names=not options.without_names)
    rows = [row.text for row in known_texts(options.train)[0]]
    judged = held_third(len(rows))
    texts = [text for text, held in zip(rows, judged, strict=True) if not held]
    tests = [text for text, held in zip(rows, judged, strict=True) if held][:JUDGED]
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for n in options.labels:
            print(json.dumps(one_run(data, texts, tests, n, seed, options.threads)), flush=True)


def one_run(data: Frozen, texts: list[str], tests: list[str], n: int, seed: int, threads: int) -> dict[str, Any]:
    chosen = labelled_at(data, "default", seed, [n])[n]
    Y = data.Y[chosen]
    named = label_texts(data.names, teach=data.asks_names)
    task = Task(resolve(BUNDLED), [texts[row] for row in chosen], Y, False, threads, seed, silent, named)
    method, _ = teacher_for(RecipeConfig(), Y, multi_label=False)
    pool = [texts[row] for row in np.setdiff1d(np.arange(len(texts)), chosen)]
    unseen = answers_unseen(task, method, pool_texts=pool)
    found = facts_of(task, unseen, pool, at=0.0)
    tuned: Encoder = teach(task, method)
    asked = [pool[row] for row in sampled(len(pool), seed=seed)]
    # Without an audit names teach no tuned encoder, as in the product.
    head = fit_head(
        tuned.encode(task.texts), Y, multi_label=False, calibrate_on=np.zeros(n, np.bool_), pool_X=tuned.encode(asked)
    )
    truth = {
        "frozen": _right(data, predict_proba(data.head(chosen, seed=seed), data.test_X[:JUDGED])),
        "tuned": _right(data, predict_proba(head, tuned.encode(tests))),
    }
    told = {"set": data.name, "labels": n, "seed": seed, "names": data.asks_names}
    return told | {"kinds": int(Y.any(axis=0).sum()), "teacher": method} | found | {"true": truth}


def _right(data: Frozen, proba: Proba) -> float:
    return round(float((proba.argmax(axis=1) == data.test_Y[: len(proba)].argmax(axis=1)).mean()), 4)


if __name__ == "__main__":
    main()

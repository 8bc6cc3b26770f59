"""Click to queue, without the database: fit, calibrate, predict and rank on random unit rows around C directions. A
label's name is a row like those of its kind; `named` are the same fits where names teach, as in the product.

python -m benchmarks.quick [--runs 5] [--json OUT]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.named import of_rows
from labeller.learning.measured_on import machine
from modelsvc.heads.pool_graph import graph_of, sampled
from modelsvc.heads.quick import fit_head, predict_proba
from modelsvc.querying.strategies import Pool, rank
from modelsvc.types import Embeddings, Head, Targets

# labels given, kinds, pool
SIZES = [(60, 9, 10_000), (500, 9, 10_000), (1_000, 77, 10_000), (5_000, 9, 10_000), (5_000, 77, 100_000)]
QUEUE = 200
WIDTH = 384


def made_up(n: int, C: int, seed: int) -> tuple[Embeddings, Targets]:
    """Rows as far apart within a kind as real sentence embeddings are: cosine about .3 to their kind's direction."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(C, WIDTH))
    y = rng.integers(C, size=n)
    y[: min(C, n)] = np.arange(min(C, n))
    X = centres[y] * 0.4 + rng.normal(size=(n, WIDTH))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X.astype(np.float32), np.eye(C, dtype=np.uint8)[y]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds on the clock, and of work by all threads: on a shared machine only the second can be compared."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - cpu)


def measure(n: int, C: int, N: int, seed: int) -> dict[str, tuple[float, float]]:
    """One click: the head before it saw one label less."""
    X, Y = made_up(n, C, seed)
    pool_X, _ = made_up(N, C, seed + 1000)
    asked = pool_X[sampled(N, seed=seed)]  # for the pool's share, as in the product
    graph = timed(lambda: graph_of(asked))  # once whenever texts were read anew
    names = of_rows(made_up(C, C, seed + 2000)[0])  # made_up begins with one row of each kind, in order
    before: Head = fit_head(X[:-1], Y[:-1], multi_label=False, pool_X=asked)
    named: Head = fit_head(X[:-1], Y[:-1], multi_label=False, pool_X=asked, names=names)
    head = fit_head(X, Y, multi_label=False, warm=before, pool_X=asked)
    pool = Pool(pool_X, predict_proba(head, pool_X), X, Y, False, [f"kind {c}" for c in range(C)])
    nothing = Pool(pool_X, None, X[:0], Y[:0], False, pool.label_names)
    return {
        "graph": graph,
        "fit_and_calibrate": timed(lambda: fit_head(X, Y, multi_label=False, warm=before, pool_X=asked)),
        "fit_keeping_calibration": timed(
            lambda: fit_head(X, Y, multi_label=False, warm=before, calibrate=False, pool_X=asked)
        ),
        "fit_and_calibrate_named": timed(
            lambda: fit_head(X, Y, multi_label=False, warm=named, pool_X=asked, names=names)
        ),
        "fit_keeping_calibration_named": timed(
            lambda: fit_head(X, Y, multi_label=False, warm=named, calibrate=False, pool_X=asked, names=names)
        ),
        "predict": timed(lambda: predict_proba(head, pool_X)),
        "rank_cold": timed(lambda: rank(nothing, QUEUE, strategy="cold", seed=seed)),
        "rank_early": timed(lambda: rank(pool, QUEUE, strategy="early", seed=seed)),
        "rank_late": timed(lambda: rank(pool, QUEUE, strategy="late", seed=seed)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    result: dict[str, Any] = {
        "benchmark": "quick",
        "machine": machine(),
        "queue": QUEUE,
        "unit": "ms, [clock, work]",
        "sizes": [],
    }
    for n, C, N in SIZES:
        runs = [measure(n, C, N, seed) for seed in range(asked.runs)]
        medians = {key: [round(median(run[key][i] for run in runs), 1) for i in (0, 1)] for key in runs[0]}
        result["sizes"].append({"labels": n, "kinds": C, "pool": N, "median": medians, "runs": runs})
    text = json.dumps(result, indent=1)
    if asked.json:
        asked.json.write_text(text)
    print(text)


if __name__ == "__main__":
    main()

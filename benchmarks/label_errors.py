"""What is suspected where labels are wrong at random, and what where none is.

    python -m benchmarks.label_errors TRAIN.jsonl [--labels 180,400] [--wrong 0,0.03,0.1] [--seeds 3]
        [--least-odds 1,10] [--embeddings FOLDER]

Texts are chosen as the product chooses them, so the hard ones come first; that share of them gets another label
than its own, or, where a text may have several, loses one or gets one more. A quick head over the encoder as it came is
cross-fitted as the product does. Prints one JSON object a line: how much is listed, and how much of that is wrong.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled_lines import known_texts
from benchmarks.rare_labels_arms import held_back, ours, start_texts
from benchmarks.strategies import labelled_at, read
from modelsvc.annotators.label_errors import LEAST_ODDS, suspects
from modelsvc.heads.either import cross_fit
from modelsvc.heads.pool_graph import sampled
from modelsvc.types import Targets, Views

FIRST = 10  # at the top of the list


@dataclass(frozen=True)
class Labelled:
    """Texts with the labels that are right, and the pool by which a head learns."""

    views: Views
    Y: Targets
    pool: Views
    multi_label: bool
    seed: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("--labels", type=lambda text: [int(n) for n in text.split(",")], default=[180, 400])
    parser.add_argument("--wrong", type=lambda text: [float(w) for w in text.split(",")], default=[0.0, 0.03, 0.1])
    parser.add_argument(
        "--least-odds", type=lambda text: [float(odds) for odds in text.split(",")], default=[1.0, LEAST_ODDS]
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    options = parser.parse_args()
    for seed in range(options.seeds):
        for n, labelled in chosen(options.train, options.labels, seed, options.embeddings):
            for wrong in options.wrong:
                for told in one_run(labelled, wrong, options.least_odds):
                    print(json.dumps({"set": options.train.stem, "labels": n, "seed": seed} | told), flush=True)


def chosen(train: Path, points: list[int], seed: int, folder: Path | None) -> Iterator[tuple[int, Labelled]]:
    """At each number of labels the texts that the default policy has asked for."""
    if known_texts(train)[1]:
        corpus = held_back(train, folder)
        pool = corpus.train[sampled(len(corpus.Y), seed=0)]
        for n, (rows, _) in ours(corpus, start_texts(corpus, "any", seed), points, seed).items():
            yield n, Labelled(corpus.train[rows], corpus.Y[rows], pool, True, seed)
        return
    data = read(train, train, held_back=False, folder=folder)
    pool = Views(data.X[sampled(len(data.X), seed=0)])
    for n, rows in labelled_at(data, "default", seed, points).items():
        yield n, Labelled(Views(data.X[rows]), data.Y[rows], pool, False, seed)


def one_run(labelled: Labelled, share: float, least_odds: list[float]) -> Iterator[dict[str, Any]]:
    given, wrong = with_errors(labelled, share)
    proba, _ = cross_fit(
        labelled.views, given, multi_label=labelled.multi_label, pool=labelled.pool, seed=labelled.seed
    )
    for odds in least_odds:
        found = suspects(proba, given, multi_label=labelled.multi_label, least_odds=odds)
        right = wrong[found.rows]
        yield {
            "wrong": int(wrong.sum()),
            "least_odds": odds,
            "listed": len(right),
            "listed_wrong": int(right.sum()),
            "first_wrong": int(right[:FIRST].sum()),
        }


def with_errors(labelled: Labelled, share: float) -> tuple[Targets, NDArray[np.bool_]]:
    """The labels with that share of the texts labelled wrongly, each by one label that others carry; (n,) which."""
    rng, Y = np.random.default_rng(labelled.seed), labelled.Y.copy()
    wrong = np.zeros(len(Y), np.bool_)
    wrong[rng.choice(len(Y), round(share * len(Y)), replace=False)] = True
    met = np.flatnonzero(Y.any(axis=0))
    for row in np.flatnonzero(wrong):
        has = np.flatnonzero(Y[row])
        if labelled.multi_label:
            column = rng.choice(has) if len(has) else rng.choice(met)
            Y[row, column] ^= 1
        else:
            other = rng.choice(np.setdiff1d(met, has))
            Y[row] = 0
            Y[row, other] = 1
    return Y, wrong


if __name__ == "__main__":
    main()

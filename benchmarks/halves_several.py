"""Whether the labels at hand know what tuning is worth where a text may have several labels, most of them rare.

    python -m benchmarks.halves_several TRAIN.jsonl [--labels 64,128,256] [--seeds 2] [--embeddings FOLDER]

Labels by `benchmarks.rare_labels`'s own arm, one text of each label first, from two thirds of TRAIN; the truth is
measured on at most 1,000 texts of the other third, with the words in both heads: macro-F1, mean average precision and
Brier's score against always saying how often a label occurs (1 is perfect, 0 knows nothing). "tuned" takes for granted
what the halves told of the embedding's share, "share" what the encoder as it came told of it, as where an audit
decides, "untold" nothing. Prints one JSON object a run.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.ablation_sets import average_precision
from benchmarks.rare_labels_arms import Corpus, held_back, ours, start_texts
from modelsvc.encoding.encoder import BUNDLED, resolve
from modelsvc.evaluation.evaluate import macro_f1
from modelsvc.full_run.halves_facts import RANKED, SHARE, sureness_in
from modelsvc.full_run.halves_several import facts_of
from modelsvc.full_run.teacher import Task, teach
from modelsvc.heads.either import fit
from modelsvc.heads.quick import decide, predict_proba
from modelsvc.heads.sureness import NOTHING_KNOWN, Sureness
from modelsvc.types import Head, Rows, Targets, Views, silent

POOL = 2_000  # texts by which thresholds are set


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("--labels", type=lambda text: [int(n) for n in text.split(",")], default=[64, 128, 256])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    options = parser.parse_args()
    corpus = held_back(options.train, options.embeddings)
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for n, (rows, _) in ours(corpus, start_texts(corpus, "any", seed), options.labels, seed).items():
            told = {"set": options.train.stem.removesuffix(".train"), "labels": n, "seed": seed}
            print(json.dumps(told | one_run(corpus, rows, seed)), flush=True)


def one_run(corpus: Corpus, rows: Rows, seed: int) -> dict[str, Any]:
    """What the halves say of these labelled texts, and what is true."""
    words = corpus.train.words
    assert words is not None
    Y, texts = corpus.Y[rows], [corpus.texts[row] for row in rows]
    task = Task(resolve(BUNDLED), texts, Y, True, 1, seed, silent, words=words[rows])
    facts = facts_of(task, "plain", ask=True, at=0.0)
    as_it_came = Sureness(share=float(facts_of(task, "plain", ask=False, at=0.0)[SHARE]))
    rng, free = np.random.default_rng(seed), np.setdiff1d(np.arange(len(corpus.Y)), rows)
    some = np.sort(rng.choice(free, min(len(free), POOL), replace=False))
    frozen = fit(corpus.train[rows], Y, multi_label=True, pool=corpus.train[some], seed=seed)
    found = {"frozen": _figures(corpus.test_Y, frozen, corpus.test)}
    tuned = teach(task, "plain")

    def seen(at: Rows) -> Views:
        return Views(tuned.encode([corpus.texts[row] for row in at]), words[at])

    labelled, pool, none = seen(rows), seen(some), np.zeros(len(rows), np.bool_)
    test = Views(tuned.encode(corpus.test_texts), corpus.test.words)
    for name, untold in {"tuned": sureness_in(facts), "share": as_it_came, "untold": NOTHING_KNOWN}.items():
        head = fit(labelled, Y, multi_label=True, pool=pool, seed=seed, calibrate_on=none, untold=untold)
        found[name] = _figures(corpus.test_Y, head, test)
    return {"examples": int(Y.sum()), "p": facts.get(RANKED[2])} | facts | {"true": found}


def _figures(truth: Targets, head: Head, texts: Views) -> dict[str, float]:
    proba = predict_proba(head, texts)
    knows_nothing = ((truth - truth.mean(axis=0)) ** 2).mean()
    precise = [average_precision(p, y) for p, y in zip(proba.T, truth.T, strict=True) if y.any()]
    return {
        "macro_f1": round(macro_f1(truth, decide(head, proba)), 3),
        "precision": round(float(np.mean(precise)), 3),
        "brier": round(float(1 - ((proba - truth) ** 2).mean() / knows_nothing), 3),
    }


if __name__ == "__main__":
    main()

"""Do the words that are marked matter? Deleting them must cost the answer more than deleting others.

    python -m benchmarks.attribution TRAIN.jsonl [more] [--labels 200] [--texts 200] [--seeds 3] [--json OUT]

A quick head on random labels over the frozen bundled encoder; of other texts of the file the likeliest label is
explained. Told are the mean fall of its probability without the k strongest marked words, without k words drawn at
random (the rival), and without the k longest (a rival that looks like work), in how many texts the marked cost more,
and seconds a text.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np

from benchmarks.labelled_lines import known_texts
from labeller.learning.measured_on import machine
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from modelsvc.evaluation.attribution import WORD, log_odds, words_that_mattered
from modelsvc.heads.quick import fit_head, predict_proba

DELETED = 3  # words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="TRAIN")
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    encoder = Encoder.load(resolve(BUNDLED), threads=1)
    runs = [
        one_run(encoder, path, options.labels, options.texts, seed)
        for path in options.files
        for seed in range(options.seeds)
    ]
    report = {"benchmark": "attribution", "machine": machine(), "deleted_words": DELETED, "runs": runs}
    report["median"] = {
        path.name: {
            key: median(run[key] for run in runs if run["file"] == path.name)
            for key in runs[0]
            if key not in ("file", "seed")
        }
        for path in options.files
    }
    text = json.dumps(report, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text)


def one_run(encoder: Encoder, path: Path, labels: int, texts: int, seed: int) -> dict[str, Any]:
    known, several = known_texts(path)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(known))
    names = sorted({label for one in known for label in one.labels})
    taught = [known[at] for at in order[:labels]]
    Y = np.array([[name in one.labels for name in names] for one in taught], np.uint8)
    head = fit_head(encoder.encode([one.text for one in taught]), Y, multi_label=several, seed=seed)
    explained = [known[at].text for at in order[labels : labels + texts]]
    columns = predict_proba(head, encoder.encode(explained)).argmax(axis=1)
    costs: dict[str, list[float]] = {"marked": [], "random": [], "longest": []}
    seconds: list[float] = []
    for text, column in zip(explained, columns, strict=True):

        def proba(some: Any, column: int = int(column)) -> Any:
            return predict_proba(head, encoder.encode(list(some)))[:, column]

        started = time.perf_counter()
        found = sorted(words_that_mattered(text, lambda some: log_odds(proba(some))), key=lambda word: -word.by)
        seconds.append(time.perf_counter() - started)
        marked = [(word.start, word.end) for word in found[:DELETED]]
        words = [match.span() for match in WORD.finditer(text)]
        if not marked or len(words) <= len(marked):
            continue
        drawn = [words[at] for at in rng.choice(len(words), len(marked), replace=False)]
        longest = sorted(words, key=lambda span: span[0] - span[1])[: len(marked)]
        whole, *less = proba([text, *(without(text, spans) for spans in (marked, drawn, longest))])
        for name, p in zip(costs, less, strict=True):
            costs[name].append(float(whole - p))
    more = [mine > other for mine, other in zip(costs["marked"], costs["random"], strict=True)]
    return {
        "file": path.name,
        "seed": seed,
        "texts": len(more),
        "fall_marked": round(fmean(costs["marked"]), 4),
        "fall_random": round(fmean(costs["random"]), 4),
        "fall_longest": round(fmean(costs["longest"]), 4),
        "marked_cost_more": round(fmean(more), 4),
        "seconds_a_text": round(median(seconds), 4),
    }


def without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text


if __name__ == "__main__":
    main()

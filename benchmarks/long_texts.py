"""Texts longer than the encoder reads: cut off, or read in windows.

    python -m benchmarks.long_texts TRAIN.jsonl TEST.jsonl [--sentences 20] [--labels 100] [--seeds 3] [--tune]
        [--json OUT]

The files hold sentences with several labels each and the company whose terms they are from; sentences in a row of one
company are joined to texts of several hundred tokens, which have every label of their sentences. A head on the frozen
encoder's embeddings (with --tune, on a tuned one's) of random labelled texts answers for the test texts. One JSON
object.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled_lines import objects
from labeller.learning.measured_on import machine
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from modelsvc.encoding.windows import cut, encode_whole
from modelsvc.heads.quick import decide, fit_head, predict_proba
from modelsvc.tuning.finetune import FineTuneConfig, fine_tune
from modelsvc.types import Embeddings, Targets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--sentences", type=int, default=20)
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    for path in (options.train, options.test):
        if not path.exists():
            parser.error(f"{path} is not there.")
    (texts, Y), (test_texts, test_Y) = (joined(path, options.sentences) for path in (options.train, options.test))
    encoder = Encoder.load(resolve(BUNDLED), threads=1)
    tokens = [sum(len(ids) for ids in encoder.tokenizer([text])["input_ids"]) for text in test_texts]
    report: dict[str, Any] = {"benchmark": "long_texts", "machine": machine(), "texts": [len(texts), len(test_texts)]}
    report |= {"median_tokens": float(np.median(tokens)), "labels": options.labels, "runs": []}
    report["windows_a_text"] = round(float(np.mean([len(own) for own in cut(encoder, test_texts, whole=True).of])), 2)
    for whole in (False, True):
        ways = [read(encoder, batch, whole=whole) for batch in ([*texts], [*test_texts])]
        (X, _), (test_X, seconds) = ways
        for seed in range(options.seeds):
            rows = np.random.default_rng([seed, 77]).permutation(len(texts))[: options.labels]
            run = {"way": "windows" if whole else "cut off", "tuned": False, "seed": seed, "reading_s": seconds}
            report["runs"].append(run | judged(X[rows], Y[rows], test_X, test_Y))
            if options.tune:
                config = FineTuneConfig(seed=seed, windows=2 if whole else 1)
                labelled = [texts[row] for row in rows]
                tuned = fine_tune(encoder, labelled, Y[rows], multi_label=True, config=config, threads=1)
                (own, _), (other, _) = (read(tuned.encoder, batch, whole=whole) for batch in (labelled, test_texts))
                run |= {"tuned": True, "tuning_s": round(tuned.seconds, 1)}
                report["runs"].append(run | judged(own, Y[rows], other, test_Y))
            if options.json:
                options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def joined(path: Path, sentences: int) -> tuple[list[str], Targets]:
    rows = objects(path)
    names = sorted({name for row in rows for name in row["labels"]})
    texts, found = [], []
    for _, group in groupby(rows, key=lambda row: row["company"]):
        own = list(group)
        for start in range(0, len(own), sentences):
            part = own[start : start + sentences]
            texts.append(" ".join(row["text"] for row in part))
            found.append([any(name in row["labels"] for row in part) for name in names])
    return texts, np.array(found, np.uint8)


def read(encoder: Encoder, texts: list[str], *, whole: bool) -> tuple[Embeddings, float]:
    started = time.process_time()
    X = encode_whole(encoder, texts) if whole else encoder.encode(texts)
    return X, round(time.process_time() - started, 1)


def judged(X: Embeddings, Y: Targets, test_X: Embeddings, test_Y: Targets) -> dict[str, float]:
    head = fit_head(X, Y, multi_label=True)
    answers = decide(head, predict_proba(head, test_X))
    right, said, true = (answers & test_Y).sum(0), answers.sum(0), test_Y.sum(0)
    return {
        "macro_f1": round(float((2 * right / np.maximum(said + true, 1)).mean()), 4),
        "micro_f1": round(float(2 * right.sum() / max(1, said.sum() + true.sum())), 4),
    }


if __name__ == "__main__":
    main()

"""The encoder check against the truth: how often it proposes the better encoder, and how often a worse one.

python -m benchmarks.encoder_check TEXTS.jsonl [--labels 50,200] [--seeds 5] [--texts 3000] [--json OUT]

The bundled encoder and copies of it that are worse by nature (fewer layers, another pooling). Each pair plays the
product's default policy and audit quota with one of the two in use; at each number of labels the check is asked, once
by its own rule (only texts that no model chose count) and once with all labelled texts, its rival. The truth is the
accuracy on all texts that were not labelled, of heads over each encoder on the same labels.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled_lines import known_texts
from labeller.annotation.audit import audit_is_due
from labeller.learning.measured_on import machine
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from modelsvc.evaluation.encoder_choice import choose_encoder
from modelsvc.heads.quick import fit_head, predict_proba
from modelsvc.querying.strategies import Pool, rank
from modelsvc.types import Embeddings, Rows, Targets

REFIT_EVERY = 8  # labels
RESERVE = 0.2
COPIES: dict[str, dict[str, Any]] = {
    "four layers": {"layers": 4},
    "two layers": {"layers": 2},
    "cls": {"pooling": "cls"},
}


def encoders(folder: Path) -> Iterator[tuple[str, Encoder]]:
    """The bundled encoder and its copies, each saved and read again as an owner's would be."""
    yield "bundled", Encoder.load(resolve(BUNDLED))
    for name, change in COPIES.items():
        copy = Encoder.load(resolve(BUNDLED))
        if layers := change.get("layers"):
            copy.model.encoder.layer = copy.model.encoder.layer[:layers]
            copy.model.config.num_hidden_layers = layers
        copy.pooling = change.get("pooling", copy.pooling)
        copy.save(folder / name.replace(" ", "-"))
        yield name, Encoder.load(folder / name.replace(" ", "-"))


def play(X: Embeddings, Y: Targets, names: list[str], most: int, seed: int) -> tuple[Rows, NDArray[np.bool_]]:
    """The rows labelled, in their order (most,), and which of them (most,) a model chose."""
    order = np.random.default_rng(seed).permutation(len(X))
    reserve, pool = list(order[: int(RESERVE * len(X))]), order[int(RESERVE * len(X)) :]
    rows: list[int] = []
    chosen: list[bool] = []
    queue: list[int] = []
    audits, by_model = 0, False
    while len(rows) < most:
        if audit_is_due(len(rows), audits):
            rows.append(int(reserve[audits]))
            chosen.append(False)
            audits += 1
            continue
        if not queue:
            candidates = pool[~np.isin(pool, rows)]
            by_model = len(np.unique(Y[rows].argmax(1))) >= 2
            proba = None
            if by_model:
                proba = predict_proba(fit_head(X[rows], Y[rows], multi_label=False, seed=seed), X[candidates])
            known = Pool(X[candidates], proba, X[rows], Y[rows], False, names)
            ranked = rank(known, REFIT_EVERY, strategy="default" if by_model else "cold", seed=seed + len(rows))
            queue = candidates[ranked.rows].tolist()
        rows.append(queue.pop(0))
        chosen.append(by_model)
    return np.array(rows), np.array(chosen)


def true_accuracy(X: Embeddings, Y: Targets, rows: Rows, seed: int) -> float:
    rest = np.setdiff1d(np.arange(len(X)), rows)
    head = fit_head(X[rows], Y[rows], multi_label=False, seed=seed)
    return float((predict_proba(head, X[rest]).argmax(1) == Y[rest].argmax(1)).mean())


def measure(
    read: dict[str, Embeddings], Y: Targets, names: list[str], labels: list[int], seed: int
) -> list[dict[str, Any]]:
    """Every ordered pair of encoders at every number of labels."""
    found = []
    for current, other in itertools.permutations(read, 2):
        every, chosen = play(read[current], Y, names, max(labels), seed)
        for n in labels:
            rows = every[:n]
            gain = true_accuracy(read[other], Y, rows, seed) - true_accuracy(read[current], Y, rows, seed)
            pair = {name: read[name][rows] for name in (current, other)}
            run: dict[str, Any] = {
                "current": current,
                "other": other,
                "labels": n,
                "seed": seed,
                "gain": round(gain, 4),
            }
            for rule, scored in (("ours", ~chosen[:n]), ("all labels", np.ones(n, bool))):
                choice = choose_encoder(pair, Y[rows], current=current, scored=scored, multi_label=False, seed=seed)
                by_name = {score.encoder: score for score in choice.scores}
                seen = by_name[other].score - by_name[current].score
                run[rule] = {"texts": choice.texts, "seen": round(seen, 4), "proposed": choice.proposed is not None}
            found.append(run)
    return found


def summary(runs: list[dict[str, Any]], labels: list[int]) -> list[dict[str, Any]]:
    """By number of labels and rule: proposals where the other is better by 5 points, and where it is not better."""
    lines = []
    for n, rule in itertools.product(labels, ("ours", "all labels")):
        at = [run for run in runs if run["labels"] == n]
        better, not_better = [run for run in at if run["gain"] >= 0.05], [run for run in at if run["gain"] <= 0]
        lines.append({
            "labels": n,
            "rule": rule,
            "texts": float(np.mean([run[rule]["texts"] for run in at])),
            "proposed_of_better_by_5": [sum(run[rule]["proposed"] for run in better), len(better)],
            "proposed_of_not_better": [sum(run[rule]["proposed"] for run in not_better), len(not_better)],
            "seen_less_true": round(float(np.mean([run[rule]["seen"] - run["gain"] for run in at])), 4),
        })  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts_file", type=Path, metavar="TEXTS.jsonl", help="`text` and `label` on each line")
    parser.add_argument("--labels", default="50,200")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=3000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not options.texts_file.is_file():
        raise SystemExit(f"There is no file {options.texts_file}.")
    lines, _ = known_texts(options.texts_file)
    kept = np.random.default_rng(0).permutation(len(lines))[: options.texts]
    texts, given = [lines[at].text for at in kept], [lines[at].labels[0] for at in kept]
    names = sorted(set(given))
    Y = np.eye(len(names), dtype=np.uint8)[[names.index(label) for label in given]]
    with tempfile.TemporaryDirectory() as folder:
        read = {name: encoder.encode(texts) for name, encoder in encoders(Path(folder))}
    labels = [int(n) for n in options.labels.split(",")]
    runs = [run for seed in range(options.seeds) for run in measure(read, Y, names, labels, seed)]
    result = {"machine": machine(), "file": options.texts_file.name, "summary": summary(runs, labels), "runs": runs}
    print(json.dumps({key: value for key, value in result.items() if key != "runs"}, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

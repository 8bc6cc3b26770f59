"""Labelled files for the ablation: which texts are labelled at a seed, which are judged, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled_lines import known_texts
from benchmarks.strategies import held_third
from modelsvc.encoding.encoder import Encoder
from modelsvc.heads.quick import decide, fit_head, predict_proba
from modelsvc.types import Rows, Targets

JUDGED = {False: 500, True: 1200}  # at most so many test texts, the same at every seed; several labels a text: more
LEAST_POSITIVES = 2  # of each kind among the labelled, where a text may have several: they come from search


@dataclass(frozen=True)
class LabelledFile:
    name: str
    multi_label: bool
    texts: list[str]
    Y: Targets  # (N, C)
    test_texts: list[str]
    test_Y: Targets

    def draw(self, labels: int, seed: int) -> Rows:
        """Rows to label: at random; with several labels a text, after the first two positives of each kind."""
        rng = np.random.default_rng([seed, 77])
        order = rng.permutation(len(self.texts))
        first: list[int] = []
        if self.multi_label:
            for c in range(self.Y.shape[1]):
                found = [int(row) for row in order if self.Y[row, c]][:LEAST_POSITIVES]
                first += [row for row in found if row not in first]
        rest = [int(row) for row in order if int(row) not in set(first)]
        return np.array((first + rest)[:labels], np.int64)


def read_set(train: Path, test: Path, *, held_back: bool) -> LabelledFile:
    """The pair of files; with `held_back` a third of the train file is judged and the test file is not opened."""
    rows, several = known_texts(train)
    names = sorted({name for row in rows for name in row.labels})
    if held_back:
        third = held_third(len(rows))
        rows, judged = (
            [row for row, is_out in zip(rows, third, strict=True) if not is_out],
            [row for row, is_out in zip(rows, third, strict=True) if is_out],
        )
    else:
        judged, _ = known_texts(test)
    chosen = np.random.default_rng(0).permutation(len(judged))[: JUDGED[several]]
    judged = [judged[i] for i in sorted(chosen)]

    def targets(known) -> Targets:
        return np.array([[name in row.labels for name in names] for row in known], np.uint8)

    return LabelledFile(
        train.name.split(".")[0],
        several,
        [row.text for row in rows],
        targets(rows),
        [row.text for row in judged],
        targets(judged),
    )


def judge(data: LabelledFile, rows: Rows, encoder: Encoder, *, seed: int) -> dict[str, float]:
    """As the product does: a fresh head on the encoder's embeddings of the labelled texts answers for the judged."""
    X, test_X = encoder.encode([data.texts[row] for row in rows]), encoder.encode(data.test_texts)
    head = fit_head(X, data.Y[rows], multi_label=data.multi_label, seed=seed)
    proba = predict_proba(head, test_X)
    answers = decide(head, proba)
    if not data.multi_label:
        return {"accuracy": round(float((answers == data.test_Y).all(1).mean()), 4)}
    right, said, true = (answers & data.test_Y).sum(0), answers.sum(0), data.test_Y.sum(0)
    precise = [average_precision(p, y) for p, y in zip(proba.T, data.test_Y.T, strict=True)]
    return {
        "macro_f1": round(float((2 * right / np.maximum(said + true, 1)).mean()), 4),
        "micro_f1": round(float(2 * right.sum() / max(1, said.sum() + true.sum())), 4),
        "macro_ap": round(float(np.mean(precise)), 4),
    }


def average_precision(scores: NDArray[np.float32], y: NDArray[np.uint8]) -> float:
    """Of one label, without a threshold; 0 where no judged text has it."""
    hits = y[np.argsort(-scores, kind="stable")]
    if not hits.any():
        return 0.0
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits == 1].mean())

#!/usr/bin/env python3
"""Classify texts with the model in this folder. Needs torch, transformers, safetensors and numpy, and nothing else.

    python predict.py "We may change these terms at any time."
    python predict.py < texts.txt                       one text a line
    python predict.py --csv contracts.csv --column text
    python predict.py --json < texts.json               a list of strings in, all probabilities out

Each line of the answer is a JSON object: the row (the first text is 1), the text, its labels and their probability. For
every row that goes in one comes out, in the same order, also for one without a text: it gets no labels. From Python:

    from predict import load
    classifier = load()
    classifier.predict(["We may change these terms at any time."])
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait sleep, and leave a busy machine its cores
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # everything is in this folder
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import numpy as np
import torch
from safetensors.numpy import load_file
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

HERE = Path(__file__).resolve().parent
BATCH = 32


@dataclass(frozen=True)
class Prediction:
    """One text's labels (one; or none to several, where the model gives several) and every label's probability."""

    text: str
    labels: list[str]
    probabilities: dict[str, float]

    @property
    def probability(self) -> float | None:
        """The probability of the least certain of the labels given; None where no label is given."""
        return min((self.probabilities[label] for label in self.labels), default=None)


class WordView:
    """The words of a text as the linear layer reads them: (1 + ln count) * idf of each known one, at unit length."""

    def __init__(self, folder: Path, name: str, weights: np.ndarray) -> None:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        self.columns: dict[str, int] = {word: column for column, word in enumerate(content["words"])}
        self.idf = np.array(content["idf"], np.float32)
        self.pattern = re.compile(content["pattern"])  # finds the words of a text
        self.weights = weights  # (words, labels)

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """What the words add for each label (texts, labels)."""
        return np.stack([self._of(text) for text in texts]) if texts else np.zeros((0, self.weights.shape[1]))

    def _of(self, text: str) -> np.ndarray:
        counts = Counter(self.columns[word] for word in self.pattern.findall(text.casefold()) if word in self.columns)
        if not counts:
            return np.zeros(self.weights.shape[1], np.float32)
        columns = np.array(list(counts))
        values = (1 + np.log(np.array(list(counts.values()), np.float32))) * self.idf[columns]
        return np.asarray(values / np.linalg.norm(values) @ self.weights[columns])


class Classifier:
    """The encoder, its pooling, and the linear layer on top: over the embedding alone, or over the words too."""

    def __init__(self, folder: Path) -> None:
        meta = json.loads((folder / "labeller.json").read_text(encoding="utf-8"))
        head = load_file(folder / "head.safetensors")
        self.labels: list[str] = meta["labels"]  # C names, in the order of the columns
        self.multi_label: bool = meta["multi_label"]
        self.pooling: str = meta["pooling"]
        self.max_tokens: int = meta["max_tokens"]
        self.prompt: str = meta.get("prompt", "")  # goes before every text
        self.temperature: float = meta["temperature"]
        self.thresholds = np.array(meta["thresholds"] or [0.5] * len(self.labels), np.float32)
        self.weights, self.bias = head["weight"], head["bias"]  # (D, C), (C,)
        vocabulary = meta.get("vocabulary")
        self.words = WordView(folder, vocabulary, head["word_weight"]) if vocabulary else None
        transformers_logging.disable_progress_bar()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model: Any = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        ).eval()

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """A prediction for each text, in their order."""
        return [self._prediction(text, row) for text, row in zip(texts, self.predict_proba(texts), strict=True)]

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities (texts, labels): rows sum to 1, or each stands for itself where a text may have several."""
        logits = self.embed(texts) @ self.weights + self.bias
        if self.words is not None:
            logits = logits + self.words.logits(texts)
        logits = logits / self.temperature
        if self.multi_label:
            return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))  # the logistic function, without overflow
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One vector of length 1 a text (texts, width). Texts longer than `max_tokens` tokens are cut there."""
        vectors = np.zeros((len(texts), len(self.weights)), np.float32)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))  # like lengths together: less padding
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            tokens = self.tokenizer(
                [self.prompt + texts[row] for row in rows],
                truncation=True,
                max_length=self.max_tokens,
                padding=True,
                return_tensors="pt",
            )
            hidden = self.model(**tokens).last_hidden_state
            pooled = self._pool(hidden, tokens["attention_mask"].unsqueeze(-1))
            vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        return vectors

    def _pool(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if self.pooling == "cls":
            return hidden[:, 0]
        if self.pooling == "max":
            return hidden.masked_fill(mask == 0, torch.finfo(hidden.dtype).min).amax(1)
        return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)

    def _prediction(self, text: str, row: np.ndarray) -> Prediction:
        chosen = np.flatnonzero(row >= self.thresholds) if self.multi_label else [int(row.argmax())]
        probabilities = {label: round(float(p), 6) for label, p in zip(self.labels, row, strict=True)}
        return Prediction(text, [self.labels[column] for column in chosen], probabilities)


def load(folder: str | Path = HERE) -> Classifier:
    """The classifier in `folder`: by default the one this file lies beside."""
    return Classifier(Path(folder))


def read_texts(arguments: argparse.Namespace) -> Iterator[str]:
    """Where the texts come from: the command line, a CSV column, a JSON list, or lines of standard input."""
    if arguments.texts:
        yield from arguments.texts
    elif arguments.csv:
        yield from read_column(arguments.csv, arguments.column)
    elif arguments.json:
        texts = json.load(sys.stdin)
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            sys.exit("A JSON list of strings is expected on standard input.")
        yield from texts
    else:
        yield from (line.rstrip("\n") for line in sys.stdin)


def read_column(name: str, column: str) -> Iterator[str]:
    """The cells of a column, one for each row below the header: an empty one where the row is too short or blank, so
    that rows can be counted."""
    with open(name, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if column not in header:
            sys.exit(f"{name} has no column {column!r}; its columns: {', '.join(header)}.")
        at = header.index(column)
        yield from (row[at] if at < len(row) else "" for row in rows)


def refuse(source: str, error: Exception) -> NoReturn:
    """Say in one line what cannot be read, and leave."""
    if isinstance(error, UnicodeDecodeError):
        sys.exit(f"{source} is no UTF-8 text: save it as UTF-8.")
    sys.exit(f"{source} cannot be read: {getattr(error, 'strerror', None) or error}.")


def judged(texts: Sequence[str]) -> Iterator[Prediction]:
    """A prediction for each text, in their order; no labels where there is nothing to read."""
    for found in load().predict(texts):
        yield found if found.text.strip() else replace(found, labels=[])


def main() -> None:
    parser = argparse.ArgumentParser(description="Classify texts with the model in this folder; JSON Lines come out.")
    parser.add_argument("texts", nargs="*", help="texts; without any, one a line from standard input")
    parser.add_argument("--csv", metavar="FILE", help="read the texts from a CSV file (UTF-8, with a header)")
    parser.add_argument("--column", default="text", help="the CSV file's column of texts (default: text)")
    parser.add_argument("--all", action="store_true", help="print every label's probability")
    parser.add_argument("--json", action="store_true", help="a JSON list of texts in, every probability out")
    arguments = parser.parse_args()
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    try:
        texts = list(read_texts(arguments))
    except (OSError, ValueError, csv.Error) as error:  # ValueError: neither UTF-8, nor JSON where that is expected
        refuse(arguments.csv or "Standard input", error)
    for row, found in enumerate(judged(texts), start=1):
        answer: dict[str, Any] = {"row": row, "text": found.text, "labels": found.labels}
        answer["probability"] = found.probability
        if arguments.all or arguments.json:
            answer["probabilities"] = found.probabilities
        print(json.dumps(answer, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()

"""A model's zip, used as somebody does who has nothing else, and how right it is on texts it has never seen."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.labelled_lines import known_texts
from modelsvc.types import Targets


@dataclass(frozen=True)
class Rows:
    texts: list[str]
    answers: list[list[str]]  # the labels of each; may be empty


def read_rows(path: Path) -> Rows:
    rows, _ = known_texts(path)
    return Rows([row.text for row in rows], [list(row.labels) for row in rows])


def unpack(zip_path: Path) -> Path:
    """The unpacked folder that holds predict.py."""
    folder = zip_path.with_suffix("")
    with zipfile.ZipFile(zip_path) as archive:
        archive.extractall(folder)
    return next(folder.rglob("predict.py")).parent


def predict_file(folder: Path, texts: list[str]) -> list[list[str]]:
    """The labels that predict.py gives each text of a CSV file, in a process that cannot import this project."""
    stranger = subprocess.run([sys.executable, "-I", "-c", "import labeller"], cwd=folder, capture_output=True)
    assert b"ModuleNotFoundError" in stranger.stderr, stranger.stderr
    table = folder.parent / "texts.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["text"], *([text] for text in texts)])
    command = [sys.executable, "-I", "predict.py", "--csv", str(table), "--column", "text"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert [answer["text"] for answer in answers] == texts
    return [answer["labels"] for answer in answers]


def tfidf(
    taught: list[tuple[str, list[str]]], texts: list[str], names: list[str], *, is_multi: bool
) -> list[list[str]]:
    """The rival: words and pairs of words, logistic regression, balanced; one model a label where there are several."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    X, X_test = words.fit_transform([text for text, _ in taught]), words.transform(texts)
    if not is_multi:
        model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
        return [[str(name)] for name in model.fit(X, [answer[0] for _, answer in taught]).predict(X_test)]
    found: list[list[str]] = [[] for _ in texts]
    for name in names:
        has = [name in answer for _, answer in taught]
        if any(has) and not all(has):
            model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000).fit(X, has)
            for row in np.flatnonzero(model.predict(X_test)):
                found[row].append(name)
    return found


def scores(truth: list[list[str]], predicted: list[list[str]], names: list[str], *, is_multi: bool) -> dict[str, float]:
    """Shares of 1. One label a text: accuracy, macro-F1. Several: exact match, and micro- and macro-F1 over `names`."""
    Y, P = matrix(truth, names), matrix(predicted, names)
    exact = round(float((Y == P).all(axis=1).mean()), 4)
    hits, given, there = (Y & P).sum(axis=0), P.sum(axis=0), Y.sum(axis=0)
    f1 = 2 * hits / np.maximum(given + there, 1)
    macro = round(float(f1.mean()), 4)
    if not is_multi:
        return {"accuracy": exact, "macro_f1": macro}
    micro = round(float(2 * hits.sum() / max(int(given.sum() + there.sum()), 1)), 4)
    texts_with = {"texts_with_a_label": int(Y.any(axis=1).sum()), "texts_given_a_label": int(P.any(axis=1).sum())}
    return {"micro_f1": micro, "macro_f1": macro, "exact_match": exact} | texts_with


def matrix(answers: list[list[str]], names: list[str]) -> Targets:
    """(texts, names), 1 where the text has the label."""
    column = {name: at for at, name in enumerate(names)}
    Y = np.zeros((len(answers), len(names)), np.uint8)
    for row, labels in enumerate(answers):
        for label in labels:
            Y[row, column[label]] = 1
    return Y

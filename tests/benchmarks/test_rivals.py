"""What a user would pick instead, on texts that any of them can tell apart."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.rivals import RIVALS, Task, figures, read_task
from benchmarks.rivals_classic import frozen, svm, tfidf
from benchmarks.rivals_libraries import most_steps

WORDS = {"Court": "judge court lawsuit", "Change": "amend revise terms", "Other": "picture menu parcel"}


def rows(per_kind: int, *, several: bool = False) -> list[dict[str, Any]]:
    made = [(f"{words} number {n}", kind) for n in range(per_kind) for kind, words in WORDS.items()]
    return [{"text": text} | ({"labels": [kind]} if several else {"label": kind}) for text, kind in made]


def task(tmp_path: Path, labels: list[int], *, several: bool = False, **facts: Any) -> Task:
    paths = {}
    for name, count in (("train", 20), ("test", 5)):
        paths[name] = str(tmp_path / f"{name}.jsonl")
        Path(paths[name]).write_text("\n".join(json.dumps(row) for row in rows(count, several=several)))
    return read_task({"labels": labels, "seed": 3, **paths, **facts})


@pytest.mark.parametrize("rival", [tfidf, svm])
@pytest.mark.parametrize("several", [False, True])
def test_a_rival_learns_with_distinct_labels_up_to_each_count(tmp_path: Path, rival: Any, several: bool) -> None:
    given = task(tmp_path, [18, 30], several=several)
    points = list(rival(given))
    assert [len(set(point.rows)) for point in points] == [18, 30]
    assert points[1].rows[:18] == points[0].rows
    assert figures(given.test_Y, points[1].answers)["accuracy"] > 0.9


def test_a_run_goes_on_from_the_rows_it_had(tmp_path: Path) -> None:
    first = next(iter(tfidf(task(tmp_path, [18]))))
    (more,) = tfidf(task(tmp_path, [18, 26], chosen=first.rows))
    assert len(more.rows) == 26 and more.rows[:18] == first.rows


def test_embeddings_are_read_from_files_that_are_there(tmp_path: Path) -> None:
    made = task(tmp_path, [18])
    files = [str(tmp_path / "train.npy"), str(tmp_path / "test.npy")]
    for path, Y in zip(files, (made.Y, made.test_Y), strict=True):
        np.save(path, Y.astype(np.float32))
    (point,) = frozen(task(tmp_path, [18], embeddings=files))
    assert figures(made.test_Y, point.answers) == {"accuracy": 1.0, "macro_f1": 1.0, "micro_f1": 1.0}


def test_with_search_one_text_of_each_label_comes_first(tmp_path: Path) -> None:
    plain, found = task(tmp_path, [8]), task(tmp_path, [8], found_first=True)
    assert sorted(found.Y[found.random_rows(3)].argmax(1)) == [0, 1, 2]
    assert sorted(found.random_order) == sorted(plain.random_order) == list(range(60))


def test_figures_are_those_of_the_learner(tmp_path: Path) -> None:
    from modelsvc.evaluation.evaluate import macro_f1

    rng = np.random.default_rng(0)
    truth, said = (rng.integers(0, 2, (40, 4)).astype(np.uint8) for _ in range(2))
    assert figures(truth, said)["macro_f1"] == round(macro_f1(truth, said), 4)


@pytest.mark.parametrize(("labels", "steps"), [(32, -1), (64, -1), (126, -1), (128, 1000), (525, 1000)])
def test_a_training_on_pairs_is_cut_where_they_are_too_many(labels: int, steps: int) -> None:
    assert most_steps(labels) == steps


@pytest.mark.parametrize("rival", RIVALS)
def test_every_rival_is_there(rival: str) -> None:
    module, function = RIVALS[rival][1].split(":")
    assert callable(getattr(importlib.import_module(module), function))

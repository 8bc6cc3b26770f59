"""Labels' names teach the heads of benchmarks as they do the product's, and figures without them stay apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import halves, quick, simulated, stopping
from benchmarks.named import label_texts, prototypes
from benchmarks.strategies import Frozen
from modelsvc.full_run.teacher import Task
from modelsvc.types import Embeddings


def lengths(texts: list[str]) -> Embeddings:
    return np.array([[len(text)] for text in texts], np.float32)


@pytest.fixture
def corpus(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two labelled files of three kinds, their embeddings and those of the names: (train, test, folder)."""
    rng = np.random.default_rng(0)
    for name, size in (("toy.train", 90), ("toy.test", 40)):
        y = np.arange(size) % 3
        rows = [{"text": f"{name} {at}", "label": "ABC"[kind]} for at, kind in enumerate(y)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        X = np.eye(8)[y] + 0.2 * rng.normal(size=(size, 8))
        np.save(tmp_path / f"{name}.npy", (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32))
    np.save(tmp_path / "toy.names.npy", np.eye(3, 8, dtype=np.float32))
    return tmp_path / "toy.train.jsonl", tmp_path / "toy.test.jsonl", tmp_path


def test_a_name_and_a_description_are_two_texts_of_their_label() -> None:
    found = prototypes([("card arrival",), ("fees", "what is paid")], lengths)
    assert found is not None
    assert (found.X[:, 0].tolist(), found.columns.tolist()) == ([12, 4, 12], [0, 1, 1])


def test_names_are_read_as_words_and_not_at_all_where_they_are_not_to_teach() -> None:
    assert label_texts(["card_arrival", "B"]) == [("card arrival",), ("B",)]
    assert label_texts(["card_arrival"], teach=False) == [] and prototypes([], lengths) is None


def test_simulated_projects_have_heads_with_names_and_are_called_so(corpus: tuple[Path, Path, Path]) -> None:
    with_names, without = (simulated.read(*corpus, asks_names=asks) for asks in (True, False))
    assert (with_names.name, without.name) == ("toy with names", "toy")  # neither runs nor moments come together
    for one, named in ((with_names, True), (without, False)):
        project = simulated.part(one, 0, pool_size=100)
        _, head = next(simulated.heads(project, 0, at=[12]))
        assert head.named == named


def test_some_labels_keep_their_own_names_and_one_against_the_rest_has_none(corpus: tuple[Path, Path, Path]) -> None:
    whole = simulated.read(*corpus, asks_names=True)
    assert whole.label_X is not None
    some = stopping.some_labels(whole, 2, seed=0)
    assert some.label_X is not None
    assert np.array_equal(some.label_X, whole.label_X[[whole.label_names.index(name) for name in some.label_names]])
    against = stopping.one_against_rest(whole, "A")
    assert against.label_X is None and against.name == "toy: A"


@pytest.mark.parametrize("asks", [True, False])
def test_halves_are_asked_with_names_as_the_product_asks_them(asks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Exception):
        pass

    tasks: list[Task] = []

    def note(task: Task, *_: Any, **__: Any) -> None:
        tasks.append(task)
        raise Stop

    monkeypatch.setattr(halves, "answers_unseen", note)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 8)).astype(np.float32), np.eye(2, dtype=np.uint8)[np.arange(60) % 2]
    data = Frozen("toy", ["card_arrival", "B"], X, Y, X, Y, np.eye(2, 8, dtype=np.float32), asks_names=asks)
    with pytest.raises(Stop):
        halves.one_run(data, [f"text {at}" for at in range(60)], [], 8, 0, 1)
    assert list(tasks[0].label_texts) == ([("card arrival",), ("B",)] if asks else [])


def test_the_time_of_a_fit_is_taken_with_names_too() -> None:
    told = quick.measure(30, 3, 400, seed=0)
    assert {"fit_and_calibrate_named", "fit_keeping_calibration_named"} <= set(told)

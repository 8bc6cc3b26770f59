"""The benchmark of query strategies plays what it says, and goes on where it was stopped."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from benchmarks import strategies as benchmark


@pytest.fixture
def files(tmp_path):
    """A labelled file of 90 texts, another of 30, and their embeddings where the benchmark looks for them."""
    rng = np.random.default_rng(0)
    for name, size in (("toy.train", 90), ("toy.test", 30)):
        y = rng.integers(3, size=size)
        rows = [{"id": str(at), "text": f"text {at}", "label": "ABC"[label]} for at, label in enumerate(y)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        X = np.eye(8)[y] + 0.2 * rng.normal(size=(size, 8))
        np.save(tmp_path / f"{name}.npy", (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32))
    np.save(tmp_path / "toy.names.npy", np.eye(3, 8, dtype=np.float32))
    return tmp_path


def play(files, monkeypatch, capsys, *more):
    paths = [str(files / "toy.train.jsonl"), str(files / "toy.test.jsonl")]
    kept = ["--embeddings", str(files), "--json", str(files / "out.json"), "--labels", "10,24", *more]
    monkeypatch.setattr(sys, "argv", ["strategies", *paths, *kept])
    benchmark.main()
    return json.loads(capsys.readouterr().out)


def test_each_policy_is_played_once_at_each_seed_and_judged_at_each_point(files, monkeypatch, capsys):
    report = play(files, monkeypatch, capsys, "--policies", "default,random,medoids at once", "--seeds", "2")
    assert [(run["seed"], run["policy"]) for run in report["runs"]] == [
        (seed, policy) for seed in (0, 1) for policy in ("default", "random", "medoids at once")
    ]
    assert all(list(run["accuracy"]) == ["10", "24"] and run["accuracy"]["24"] > 0.9 for run in report["runs"])
    runs = report["runs"]
    more = play(files, monkeypatch, capsys, "--policies", "default,badge", "--seeds", "2")
    assert more["runs"][:6] == runs and [run["policy"] for run in more["runs"][6:]] == ["badge", "badge"]
    assert [row["policy"] for row in more["table"]] == ["default", "random", "medoids at once", "badge"]


def test_a_held_back_third_is_judged_without_opening_the_test_file(files, monkeypatch, capsys):
    (files / "toy.test.jsonl").write_text("not to be read", encoding="utf-8")
    report = play(files, monkeypatch, capsys, "--policies", "random", "--seeds", "1", "--held-back")
    assert report["runs"][0]["judged"] == "third of train"


def test_a_policy_labels_no_text_twice_and_keeps_what_it_labelled(files):
    data = benchmark.read(files / "toy.train.jsonl", files / "toy.test.jsonl", held_back=False, folder=files)
    for policy in ("default", "core-set", "committee", "cold-names"):
        found = benchmark.labelled_at(data, policy, 0, [10, 24])
        assert len(set(found[24].tolist())) == 24 and found[24][:10].tolist() == found[10].tolist()


def test_an_unknown_policy_is_refused_with_the_known_ones(files, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        play(files, monkeypatch, capsys, "--policies", "best")
    assert "medoids at once" in capsys.readouterr().err

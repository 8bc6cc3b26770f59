"""`manage.py simulate`: what it prints, what it refuses; the play itself is tested in test_house."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labeller.learning.line_process import ProcessFailed
from labeller.learning.replay import simulation
from labeller.learning.replay.wish import Wish
from tests.operations.processes import running

FULL = {"labels": 8, "state": "done"}


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    rows = [{"text": f"text {n}", "label": "ab"[n % 2]} for n in range(30)]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def wishes(monkeypatch: pytest.MonkeyPatch) -> list[Wish]:
    """What is asked of a replay, which answers at once: better with labels, with the seed, and not at random."""
    asked: list[Wish] = []

    def play(prepared: Path, home: Path, wish: Wish) -> Iterator[dict[str, Any]]:
        asked.append(wish)
        for labels in wish.labels:
            value = round(labels / 20 + wish.seed / 100 - 0.1 * (wish.policy == "random"), 2)
            model = {"accuracy": value, "macro_f1": value / 2}
            yield {"labels": labels, "quick": model, "serving": model, "rounds": [FULL], "learning_s": 3.2}

    monkeypatch.setattr(simulation, "prepare", lambda *_: {})
    monkeypatch.setattr(simulation, "play", play)
    return asked


def simulate(*words: object) -> tuple[str, str]:
    """(standard output, standard error)"""
    out, err = StringIO(), StringIO()
    call_command("simulate", *map(str, words), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_progress_and_a_table_for_people(train: Path, tmp_path: Path, wishes: list[Wish]) -> None:
    out, _ = simulate(
        train, "--labels", "8,16", "--policy", "default,random", "--seeds", 2, "--png", tmp_path / "c.png"
    )
    lines = out.splitlines()
    assert lines[0] == "Reading 20 texts; 10 others are the test."
    assert lines[1] == "default, seed 0: 8 labels, accuracy 0.400, 1 full run, 3 s of learning."
    assert [line.split() for line in lines[-3:]] == [
        ["labels", "default", "random"],
        ["8", "0.405", "(0.400-0.410)", "0.305", "(0.300-0.310)"],
        ["16", "0.805", "(0.800-0.810)", "0.705", "(0.700-0.710)"],
    ]
    assert (tmp_path / "c.png").stat().st_size > 1000
    assert [(wish.policy, wish.seed) for wish in wishes] == [
        ("default", 0), ("default", 1), ("random", 0), ("random", 1),
    ]  # fmt: skip
    assert wishes[0] == Wish(str(train), None, labels=(8, 16), full_at="auto", audit=True)


def test_json_is_one_object_and_nothing_else(train: Path, tmp_path: Path, wishes: list[Wish]) -> None:
    test = tmp_path / "test.jsonl"
    test.write_text('{"text": "text 3", "label": "b"}\n{"text": "new", "label": "a"}\n', encoding="utf-8")
    out, err = simulate(
        train, "--test", test, "--labels", "8", "--seeds", 1, "--full", "8", "--without-audit", "--json"
    )
    told = json.loads(out)
    assert told["curves"]["accuracy"]["default"][0]["mean"] == 0.4
    setting = told["setting"]
    assert (setting["audit"], setting["full"], told["figure"]) == (False, [8], "accuracy")
    assert setting["test"] == f"test.jsonl {sha256(test.read_bytes()).hexdigest()[:12]}"
    assert (setting["labels"], setting["policies"], setting["seeds"], setting["recipe"]) == ([8], ["default"], [0], {})
    assert told["machine"]["cores"] and "commit" in told
    assert told["plays"][0]["points"][0]["rounds"] == [FULL] and "8 labels, accuracy 0.400" in err
    assert (setting["pool"], told["texts"]["in_both"]) == (29, 1)
    assert "1 text of TRAIN is in the test too and was left out." in err
    assert (wishes[0].full_at, wishes[0].audit, wishes[0].test) == ((8,), False, str(test))
    out, _ = simulate(train, "--labels", "8", "--seeds", 1, "--full", "none", "--json", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["setting"]["full"] == [] and "labels" in out.splitlines()[-2]


def test_a_play_that_fails_ends_with_1_and_its_reason(
    train: Path, wishes: list[Wish], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Iterator[dict[str, Any]]:
        raise ProcessFailed("No memory.")

    monkeypatch.setattr(simulation, "play", fail)
    with pytest.raises(CommandError, match=r"The play ended\. No memory") as refusal:
        simulate(train, "--labels", "8")
    assert refusal.value.returncode == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--policy", "best"], "There is no policy 'best'; known: badge, cold, cold-names,"),
        (["--policy", ","], "No policy is asked for; known: badge,"),
        (["--policy", "default,random, default"], "The policy 'default' is asked for twice"),
        (["--labels", "16,8"], "no list of ascending numbers of labels"),
        (["--labels", "many"], "no list of ascending numbers of labels"),
        (["--labels", "8,21"], "21 labels are wanted but there are 20 texts"),
        (["--labels", "8", "--full", "4"], "A full run at 4 labels is not among --labels"),
        (["--labels", "8", "--full", "often"], "--full 'often' cannot be; write auto, none, or numbers"),
        (["--labels", "8", "--seeds", "0"], "--seeds 0 cannot be; ask for 1 or more"),
        (["--labels", "8", "--test", "nowhere.jsonl"], "nowhere.jsonl cannot be read"),
        (["--labels", "8", "--png", "nowhere/c.png"], "There is no folder nowhere"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(train: Path, wishes: list[Wish], words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refusal:
        simulate(train, *words)
    assert refusal.value.returncode == 2 and wishes == []


def test_a_wrong_line_is_named(tmp_path: Path, wishes: list[Wish]) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"text": "a", "label": "b"}\n{"text": "a"}\n', encoding="utf-8")
    with pytest.raises(CommandError, match=r"Line 2 of broken.jsonl has no 'label'") as refusal:
        simulate(path, "--labels", "8")
    assert refusal.value.returncode == 2


def test_a_file_of_which_nothing_is_taken_ends_with_2_before_anything_is_read(
    tmp_path: Path, wishes: list[Wish]
) -> None:
    path = tmp_path / "long.jsonl"
    rows = [{"text": f"{n}" + "x" * 100_001, "label": "ab"[n % 2]} for n in range(4)]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    with pytest.raises(CommandError, match=r"No text of long\.jsonl is taken: line 1") as refusal:
        simulate(path, "--labels", "2")
    assert refusal.value.returncode == 2 and wishes == []


def test_sigterm_leaves_no_folder_behind(train: Path, tmp_path: Path) -> None:
    own = tmp_path / "tmp"
    own.mkdir()
    env = dict(os.environ) | {"TMPDIR": str(own), "LABELLER_HOME": str(tmp_path / "home")}
    with running("manage.py", "simulate", str(train), "--labels", "8", env=env, log=tmp_path / "log") as simulating:
        simulating.wait_for("Reading 20 texts")
        assert list(own.glob("labeller-simulate-*"))
        assert simulating.end() == 143
    assert list(own.glob("labeller-simulate-*")) == []

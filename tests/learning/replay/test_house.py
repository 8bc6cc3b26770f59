"""A replay in a process and a house of its own: nothing of it stays, and nothing of it comes near the user's own."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeller.learning.line_process import ProcessFailed
from labeller.learning.replay.house import play, prepare
from labeller.learning.replay.wish import Wish, as_told, kept_points
from tests.learning.scene import KINDS, LIGHT


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """Sixty texts of three kinds: the scene's, and each once more with a word before it."""
    words = ("", "Note: ")
    rows = [{"text": w + text, "label": kind} for kind, texts in KINDS.items() for text in texts for w in words]
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_file_is_played_with_full_runs_by_the_triggers_and_the_house_is_gone(
    train: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELLER_RECIPE", json.dumps(LIGHT | {"pairs": {"steps": 40}}))
    prepared, home = tmp_path / "prepared", tmp_path / "one"
    assert prepare(prepared, train, None) == {"pool": 40, "labels": 3, "test": 20}
    wish = Wish(str(train), None, labels=(8, 17), audit=False, refit_every=4)
    points = list(play(prepared, home, wish, threads=1))
    assert [point["labels"] for point in points] == [8, 17] and not home.exists()
    made = points[1]["rounds"][0]
    assert (made["labels"], made["state"]) == (16, "done")
    assert made["versions"][0]["promoted"] and made["versions"][0]["stage"] == "labels"
    assert points[1]["serving"]["full"] and points[1]["quick"]["accuracy"] > 0.5


@pytest.mark.slow
def test_a_play_that_was_stopped_goes_on_from_its_last_point(train: Path, tmp_path: Path) -> None:
    prepared, home, kept = tmp_path / "prepared", tmp_path / "one", tmp_path / "kept"
    prepare(prepared, train, None)
    wish = Wish(str(train), None, labels=(6, 12), full_at=(), audit=False, keep=str(kept))
    stopped = play(prepared, home, wish)
    first = next(stopped)
    stopped.close()  # as it is where whoever asked is killed
    assert first["labels"] == 6 and first["made_by"]["commit"] and not home.exists()

    points = list(play(prepared, home, wish))
    assert points[0] == first and [point["labels"] for point in points] == [6, 12]
    more = list(play(prepared, home, replace(wish, labels=(6, 12, 18))))
    assert more[:2] == points and more[2]["labels"] == 18
    with closing(sqlite3.connect(kept / "house" / "labeller.sqlite3")) as database:
        assert database.execute("SELECT COUNT(DISTINCT document_id) FROM annotation_annotation").fetchone() == (18,)


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        ({}, True),
        ({"labels": (8,), "full_at": (8,)}, True),
        ({"labels": (8, 16, 32), "full_at": (8, 16, 24, 32)}, True),
        ({"labels": (4, 8), "full_at": (8,)}, False),
        ({"labels": (8, 16), "full_at": (4, 8, 16)}, False),
        ({"full_at": "auto"}, False),
        ({"policy": "random"}, False),
        ({"seed": 1}, False),
        ({"train": "other"}, False),
    ],
)
def test_only_a_play_alike_so_far_is_gone_on_with(tmp_path: Path, other: dict[str, Any], fits: bool) -> None:
    wish = Wish("train", None, labels=(8, 16), full_at=(8, 16), keep=str(tmp_path))
    (tmp_path / "points.json").write_text(json.dumps({"wish": as_told(wish), "points": [{"labels": 8}]}))
    assert bool(kept_points(replace(wish, **other))) == fits


def test_a_play_by_another_recipe_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = Wish("train", None, labels=(8,), keep=str(tmp_path))
    (tmp_path / "points.json").write_text(json.dumps({"wish": as_told(wish), "points": [{"labels": 8}]}))
    monkeypatch.setenv("LABELLER_RECIPE", "epochs=3")
    assert kept_points(wish) == []


@pytest.mark.slow
def test_what_goes_wrong_in_the_process_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="is empty; a line is a JSON object"):
        empty = tmp_path / "empty.jsonl"
        empty.touch()
        prepare(tmp_path / "house", empty, None)
    with pytest.raises(ProcessFailed, match="is no JSON object"):
        broken = tmp_path / "broken.jsonl"
        broken.write_text("{", encoding="utf-8")
        list(play(tmp_path / "house", tmp_path / "one", Wish(str(broken), None, labels=(8,))))
    assert not (tmp_path / "one").exists()

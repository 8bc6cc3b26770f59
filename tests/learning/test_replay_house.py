"""A replay in a process and a house of its own: nothing of it stays, and nothing of it comes near the user's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labeller.learning.line_process import ProcessFailed
from labeller.learning.replay_house import Wish, play, prepare
from tests.learning.scene import KINDS


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """Sixty texts of three kinds: the scene's, and each once more with a word before it."""
    words = ("", "Note: ")
    rows = [{"text": w + text, "label": kind} for kind, texts in KINDS.items() for text in texts for w in words]
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_file_is_played_with_full_runs_by_the_triggers_and_the_house_is_gone(train: Path, tmp_path: Path) -> None:
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

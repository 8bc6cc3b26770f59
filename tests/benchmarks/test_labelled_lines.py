"""The files of all benchmarks are read as the product reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import recipe, strategies, taken_away
from benchmarks.labelled_lines import known_texts, objects
from labeller.learning.replay.lines import Known

ODD = "one\u2028two\x0bthree\x85four"  # what str.splitlines() would cut, raw within a text
BENCHMARKS = Path(strategies.__file__).parent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "odd.train.jsonl"
    rows = [{"text": ODD, "label": "a"}, {"text": "other", "label": "b"}]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n\n" for row in rows), encoding="utf-8")
    return path


def test_a_text_with_line_separators_is_one_text(file: Path) -> None:
    assert known_texts(file) == ([Known(ODD, ("a",)), Known("other", ("b",))], False)
    assert [row["text"] for row in objects(file)] == [ODD, "other"]
    assert taken_away.read_rows(file).texts == [ODD, "other"]
    assert recipe._read(file) == ([ODD, "other"], ["a", "b"])
    assert [known.text for known in strategies._one_label(file)] == [ODD, "other"]


def test_a_file_that_cannot_be_read_ends_with_2_and_a_sentence(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text('{"text": "x", "label": 3}\n', encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        known_texts(file)
    assert end.value.code == 2 and "Line 1 of odd.train.jsonl has the number 3 for a label" in capsys.readouterr().err


def test_a_benchmark_of_one_label_a_text_refuses_several(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text('{"text": "x", "labels": ["a"]}\n', encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        strategies.read(file, file, held_back=True, folder=None)
    assert end.value.code == 2 and "has several labels a text; this benchmark has one" in capsys.readouterr().err


def test_no_benchmark_cuts_a_file_by_itself() -> None:
    cutting = re.compile(r"read_text\([^)]*\)\.splitlines\(\)")
    assert [path.name for path in BENCHMARKS.glob("*.py") if cutting.search(path.read_text(encoding="utf-8"))] == []

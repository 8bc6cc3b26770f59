"""Reading a labelled file to play again: what is taken, what is refused, and how it is split."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labeller.learning.replay.asked import read_counts
from labeller.learning.replay.file import read_material
from labeller.learning.replay.lines import Known, ReplayRefused


def written(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def one(text: str, label: str) -> dict[str, object]:
    return {"text": text, "label": label}


def test_texts_keep_their_order_and_labels_are_named_in_theirs(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", one("eins", "b"), "", one("zwei", "a"))
    test = written(tmp_path / "t.jsonl", one("drei", "c"), one("vier", "A"))
    material = read_material(train, test)
    assert material.pool == [Known("eins", ("b",)), Known("zwei", ("a",))]
    assert (material.names, material.multi_label) == (["a", "b", "c"], False)
    assert material.test == [Known("drei", ("c",)), Known("vier", ("a",))]


def test_the_first_of_equal_texts_counts_and_the_others_are_told(tmp_path: Path) -> None:
    same = (one("Same  text", "a"), one("same text", "b"), one("other", "b"), one("same text", "A"))
    material = read_material(written(tmp_path / "a.jsonl", *same), written(tmp_path / "t.jsonl", one("new", "a")))
    assert [row.labels for row in material.pool] == [("b",), ("a",)]  # where the text came last
    assert (material.facts["repeated"], material.facts["contradicting"]) == (2, 1)
    assert material.notes == ["2 rows repeat a text, 1 of them with another label; the first was kept."]


def test_names_that_differ_in_case_or_blanks_are_one_label(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", one("x", "Law  suit"), one("y", "law suit"), one("z", "b"))
    material = read_material(train, train, keep_in_both=True)
    assert material.names == ["Law suit", "b"]
    assert [row.labels[0] for row in material.pool] == ["Law suit", "Law suit", "b"]


def test_several_labels_and_none_at_all(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", {"text": "x", "labels": ["a", "b"]}, {"text": "y", "labels": []})
    material = read_material(train, train, keep_in_both=True)
    assert material.multi_label and [row.labels for row in material.pool] == [("a", "b"), ()]


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", json.dumps(one("x\u2028y", "a"), ensure_ascii=False), one("z", "b"))
    assert read_material(train, train, keep_in_both=True).pool[0].text == "x\u2028y"


def test_without_a_test_file_a_third_is_held_back_and_always_the_same(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", *(one(f"text {n}", "ab"[n % 2]) for n in range(30)))
    first, again = read_material(train, None), read_material(train, None)
    assert first == again and len(first.test) == 10 and len(first.pool) == 20
    assert not {row.text for row in first.test} & {row.text for row in first.pool}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "is empty"),
        (["text,label"], "Line 1 of a.jsonl is no JSON object; only JSON Lines are read, like {"),
        ([one("x", "a"), "", "[1]"], "Line 3 of a.jsonl is no JSON object"),
        ([one("x", "a"), "", {"label": "a"}], "Line 3 of a.jsonl has no 'text'"),
        ([one("x", "a"), {"text": "y"}], "Line 2 of a.jsonl has no 'label'; write a name like"),
        ([{"text": "x", "label": 0}], 'Line 1 of a.jsonl has the number 0 for a label; write it as a name, "0"'),
        ([{"text": "x", "label": None}], "Line 1 of a.jsonl has null in 'label'; write a name"),
        ([{"text": "x", "label": ["a"]}], """has ["a"] in 'label'; write a name like"""),
        ([one("x", "a"), {"text": "y", "labels": ["a"]}], "has no 'label' but 'labels', unlike the first line"),
        ([{"text": "x", "labels": ["a", 3]}], 'has the number 3 for a label; write it as a name, "3"'),
        ([{"text": "x", "labels": "a"}], "Line 1 of a.jsonl has \"a\" in 'labels'; write a list of names"),
        ([one("x", "a"), one("y", "a")], "has one label only"),
        ([{"text": "x", "labels": []}], "No text of a.jsonl has a label"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_line(tmp_path: Path, rows: list[object], sentence: str) -> None:
    train = written(tmp_path / "a.jsonl", *rows)
    with pytest.raises(ReplayRefused, match=re.escape(sentence)):
        read_material(train, train, keep_in_both=True)


def test_a_missing_file_and_two_kinds_of_file_are_refused(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", one("x", "a"), one("y", "b"))
    with pytest.raises(ReplayRefused, match=r"b\.jsonl cannot be read: No such file"):
        read_material(train, tmp_path / "b.jsonl")
    (tmp_path / "d.jsonl").write_bytes(b"{\xff}")
    with pytest.raises(ReplayRefused, match=r"d\.jsonl is no UTF-8 text, from byte 1 on"):
        read_material(tmp_path / "d.jsonl", None)
    with pytest.raises(ReplayRefused, match="one has 'label', the other 'labels'"):
        read_material(train, written(tmp_path / "c.jsonl", {"text": "x", "labels": ["a"]}))


def test_counts_are_read_from_a_list() -> None:
    assert read_counts("32,64, 128", pool=128) == (32, 64, 128)


@pytest.mark.parametrize("words", ["", "x", "32;64", "64,32", "32,32", "0,5", "-1", "32,", "1.5"])
def test_counts_that_do_not_ascend_are_refused(words: str) -> None:
    with pytest.raises(ReplayRefused, match="ascending numbers of labels, like 32,64,128"):
        read_counts(words)


def test_more_labels_than_texts_are_refused_with_both_numbers() -> None:
    with pytest.raises(ReplayRefused, match="33 labels are wanted but there are 32 texts"):
        read_counts("8,33", pool=32)


def test_texts_that_the_test_has_too_are_not_learnt_from(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", one("Same  text", "a"), one("other", "b"), one("third", "a"))
    test = written(tmp_path / "t.jsonl", one("same text", "a"), one("new", "b"))
    material = read_material(train, test)
    assert [row.text for row in material.pool] == ["other", "third"] and len(material.test) == 2
    assert material.facts["in_both"] == 1
    assert material.notes == ["1 text of TRAIN is in the test too and was left out."]


def test_figures_that_began_with_such_texts_keep_them(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", one("x", "a"), one("y", "b"))
    material = read_material(train, train, keep_in_both=True)
    assert len(material.pool) == 2
    assert material.notes == ["2 texts of TRAIN are in the test too and were kept, as the figures began with them."]


def test_a_file_that_is_its_own_test_is_refused(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", one("x", "a"), one("y", "b"))
    with pytest.raises(ReplayRefused, match=r"All 2 texts of a\.jsonl are in the test too; none is left to learn from"):
        read_material(train, train)


def test_a_label_that_can_never_be_right_is_told(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", one("x", "a"), one("y", "b"))
    material = read_material(train, written(tmp_path / "t.jsonl", one("v", "ZZZ"), one("w", "A")))
    assert material.facts["unknown"] == {"ZZZ": 1}
    assert material.notes == ["Label 'ZZZ' (1 of 2 test texts) is on no text to learn from and can never be right."]


def test_a_test_of_unknown_labels_alone_is_refused(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", one("x", "a"), one("y", "b"))
    with pytest.raises(ReplayRefused, match=r"No label of the test \(c, d\) is on a text to learn from"):
        read_material(train, written(tmp_path / "t.jsonl", one("v", "d"), one("w", "c")))


LONG, NUL, HALF = "x" * 100_001, "a\x00b", "\ud800"


def test_what_the_import_refuses_is_left_out_for_everyone_and_told_with_its_lines(tmp_path: Path) -> None:
    odd = (one(LONG, "a"), one(NUL, "a"), one(HALF, "a"), one("fine", "L" * 101), one("as fine", "a\x00"))
    train = written(tmp_path / "a.jsonl", one("x", "a"), *odd, one("y", "b"))
    material = read_material(train, written(tmp_path / "t.jsonl", one("v", "a"), one(LONG + "y", "b")))
    assert [row.text for row in material.pool] == ["x", "y"] and [row.text for row in material.test] == ["v"]
    assert material.names == ["a", "b"]
    assert material.notes == [
        "5 rows of a.jsonl are left out, as the import refuses such: line 2 (the text has 100,001 characters; at most "
        "100,000 are taken), line 3 (the text contains a NUL character; the encoding may be another one), line 4 (the "
        "text contains half of a surrogate pair, which is no character), and 2 more.",
        "1 row of t.jsonl is left out, as the import refuses such: line 2 (the text has 100,002 characters; at most "
        "100,000 are taken).",
    ]
    refused = material.facts["refused"]
    assert refused["rows"] == 6
    assert refused["first"][3] == {
        "file": "a.jsonl", "line": 5, "reason": "a label of 101 characters; at most 100 are taken",
    }  # fmt: skip


def test_facts_name_the_first_refused_rows_only(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", *(one(LONG, "a") for _ in range(30)), one("x", "a"), one("y", "b"))
    refused = read_material(train, train, keep_in_both=True).facts["refused"]
    assert refused["rows"] == 60 and len(refused["first"]) == 10


def test_a_file_of_which_nothing_is_taken_is_refused(tmp_path: Path) -> None:
    good, bad = (
        written(tmp_path / "a.jsonl", one("x", "a"), one("y", "b")),
        written(tmp_path / "b.jsonl", one(LONG, "a")),
    )
    for train, test in ((bad, None), (good, bad)):
        with pytest.raises(ReplayRefused, match=r"No text of b\.jsonl is taken: line 1 \(the text has 100,001 char"):
            read_material(train, test)


def test_rows_that_repeat_two_texts_leave_nothing_to_measure_on(tmp_path: Path) -> None:
    train = written(tmp_path / "a.jsonl", *(one("xy"[n % 2], "ab"[n % 2]) for n in range(40)))
    with pytest.raises(ReplayRefused, match=r"a\.jsonl has 2 different texts; a third of them is to measure, so there"):
        read_material(train, None)

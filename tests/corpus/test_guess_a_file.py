"""What a file is, guessed from its beginning."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeller.corpus.errors import FileRefused
from labeller.corpus.guessing import guess_delimiter, guess_header, guess_layout
from labeller.corpus.lines import Lines
from tests.corpus.files import csv_bytes

ROWS = [["id", "text", "label"]] + [[str(n), f"We may, at any time; change clause {n}", "Change"] for n in range(30)]
GERMAN = "Wir können die Geschäftsbedingungen jederzeit ändern, größere Änderungen künden wir früh an. "
POLISH = "Zażółć gęślą jaźń, możemy zmienić regulamin w każdej chwili bez żadnego powiadomienia. "
RUSSIAN = "Мы можем изменить условия в любое время без предварительного уведомления пользователя. "


def write(folder: Path, content: bytes, name: str = "texts.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~"])
def test_the_delimiter_is_the_one_that_gives_every_row_the_same_columns(tmp_path: Path, delimiter: str) -> None:
    layout = guess_layout(write(tmp_path, csv_bytes(ROWS, delimiter=delimiter)), "texts.csv")
    assert (layout.format, layout.delimiter, layout.header, layout.quoted) == ("csv", delimiter, True, True)


def test_commas_in_prose_are_no_delimiter() -> None:
    sample = [f"{'Well, ' * (n % 4)}this is text {n}\n" for n in range(40)]
    assert guess_delimiter(sample)[2] < 0.9


def test_quotes_that_are_only_characters_are_found() -> None:
    sample = ["id\ttext\n"] + [f'{n}\t"Hello" he said, number {n}\n' for n in range(20)]
    assert guess_delimiter(sample)[:2] == ("\t", False)


@pytest.mark.parametrize(
    ("text", "written", "guessed"),
    [
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8-sig", "utf-8"),
        (GERMAN, "utf-16", "utf-16"),
        (GERMAN, "utf-16-le", "utf-16-le"),
        (GERMAN, "utf-16-be", "utf-16-be"),
        (GERMAN, "cp1252", "cp1252"),
        (GERMAN + "Preis: 5 € – „sofort“. ", "cp1252", "cp1252"),
        (GERMAN, "latin-1", "cp1252"),  # the same characters: Windows-1252 is the superset
        (POLISH, "cp1250", "cp1250"),
        (RUSSIAN, "cp1251", "cp1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        ("plain words only", "ascii", "utf-8"),
    ],
)
def test_the_encoding_reads_back_what_was_written(tmp_path: Path, text: str, written: str, guessed: str) -> None:
    path = write(tmp_path, csv_bytes([["text"], *[[f"{n} {text}"] for n in range(20)]], encoding=written))
    layout = guess_layout(path, "texts.csv")
    assert layout.encoding == guessed
    with Lines(path, layout.encoding) as lines:
        assert next(lines) == "text\r\n"
        assert text.strip()[:20] in next(lines)


def test_one_odd_byte_behind_a_long_plain_beginning_is_seen(tmp_path: Path) -> None:
    content = b"text\n" + b"plain words\n" * 30_000 + "Geschäft ändern für größere\n".encode("cp1252") * 5
    assert guess_layout(write(tmp_path, content), "texts.csv").encoding == "cp1252"


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["text", "label"], ["We may change", "Change"]], True),
        ([["Klausel", "Art"], *[["Wir dürfen jederzeit alles an diesem Vertrag ändern", "Änderung"]] * 5], True),
        ([["Kommentar", "Nr"], ["gut", "1"], ["schlecht", "2"]], True),
        ([["We may change these terms at any time.", "Change"], ["The courts of Paris decide.", "Court"]], False),
        ([["1", "2"], ["3", "4"]], False),
        ([["a", "a"], ["b", "c"]], False),
        ([["only"]], False),
    ],
)
def test_a_header_looks_unlike_the_rows_below_it(rows: list[list[str]], header: bool) -> None:
    assert guess_header(rows) is header


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.jsonl", '{"text": "one"}\n', "jsonl"),
        ("a.txt", '{"text": "one"}\n{"text": "two"}\n', "jsonl"),
        ("a.txt", "One text, with a comma\nAnother text, too\n", "text"),
        ("a.txt", "id\ttext\n1\tone\n2\ttwo\n", "csv"),
        ("a.csv", "text\nonly one column\n", "csv"),
        ("a", "just lines\nof words\n", "text"),
        ("a.tsv", "id\ttext\n1\tone\n", "csv"),
    ],
)
def test_the_format_follows_content_before_the_name(tmp_path: Path, name: str, content: str, form: str) -> None:
    assert guess_layout(write(tmp_path, content.encode(), name), name).format == form


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", b"PK\x03\x04rest", "Excel"),
        ("a.parquet", b"PAR1rest", "Parquet"),
        ("a.pdf", b"%PDF-1.7", "PDF"),
        ("a.json", b'[{"text": "one"}]', "one object a line"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "is a picture"),
        ("a.txt", bytes(range(256)) * 8, "is no text: 216 of its first"),
        ("a.csv", b"id,text\n" + b"\0\1\0\2" * 40, "control characters"),
        ("a.db", b"SQLite format 3\0\x10\0\1\1\0\x40\x20\x20\0\0", "Save it as CSV"),
    ],
)
def test_other_formats_are_refused_with_the_way_out(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        guess_layout(write(tmp_path, content, name), name)


def test_a_stray_control_character_leaves_a_file_text(tmp_path: Path) -> None:
    content = b"text\n" + b"plain words\n" * 40 + b"a stray \x07 bell\nan \x1b[31mescape\x1b[0m\n"
    assert guess_layout(write(tmp_path, content), "texts.csv").format == "csv"

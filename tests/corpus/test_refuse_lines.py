"""A bad line is refused with its number and a reason; the lines around it are taken."""

from __future__ import annotations

import json

import pytest

from labeller.corpus.errors import FileRefused
from labeller.corpus.models import RefusedLine
from labeller.corpus.services import store_upload
from labeller.projects.models import Project
from tests.cast import make_project
from tests.corpus.files import imported, reasons, remap, upload

pytestmark = pytest.mark.django_db
CSV = [
    ('id,text\n1,one\n2\n3,"three"\n', 3, "1 column, but the header has 2"),
    ("id,text\n1,one\n2,two,too,many\n3,three\n", 3, "4 columns, but the header has 2"),
    ("id,text\n1,one\n2,  \n3,three\n", 3, "the text is empty"),
    ('id,text\n1,one\n2,"tw"o"\n3,three\n', 3, "a quote inside a quoted cell is not doubled"),
    ('id,text\n1,one\n3,three\n2,"never closed\nto the end\n', 4, "a quote is opened and never closed"),
    ("id,text\n1,one\n2,nu\x00l\n3,three\n", 3, "NUL"),
    (f"id,text\n1,one\n2,{'x' * 100_001}\n3,three\n", 3, "100,001 characters; at most 100,000"),
    (b"id,text\n1,one\n2,caf\xe9\n3,three\n", 3, "byte 0xe9 at character 6 is not UTF-8"),
]
JSON = [
    ('{"text": "one"}\n{"text": }\n{"text": "three"}\n', 2, "not valid JSON at character 10: a value is expected"),
    ('{"text": "one"}\n{"text": "two}\r\n{"text": "three"}\n', 2, "character 10: a quotation mark is opened and never"),
    ('{"text": "one"}\n{"n": ' + "9" * 5000 + '}\n{"text": "three"}\n', 2, "a number has too many digits"),
    ('{"text": "one"}\n["two"]\n{"text": "three"}\n', 2, "a JSON list, but an object is needed"),
    ('{"text": "one"}\n{"id": 2}\n{"text": "three"}\n', 2, "there is no 'text' in this row"),
    ('{"text": "one"}\n{"text": 2}\n{"text": "three"}\n', 2, "'text' is not a string"),
    ('{"text": "one"}\n{"text": "\\ud800"}\n{"text": "three"}\n', 2, "half of a surrogate pair"),
    ('{"text": "one"}\n{"text": "two", "n": NaN}\n{"text": "three"}\n', 2, "NaN is no JSON number"),
    ('{"text": "one"}\n{"text": "two", "n": -1e400}\n{"text": "three"}\n', 2, "-1e400 is too large a number"),
    ('{"text": "one"}\n{"text": "two", "n": "\\u0000"}\n{"text": "three"}\n', 2, "NUL"),
    ('{"text": "one"}\n{"text": "two", "n": ' + "[" * 90_000 + '}\n{"text": "three"}\n', 2, "not valid JSON"),
    ('{"text": "one"}\n{"text": "' + "x" * 1_000_001 + '"}\n{"text": "three"}\n', 2, "more than 1,000,000 characters"),
]


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"), [("a.csv", *row) for row in CSV] + [("a.jsonl", *row) for row in JSON]
)
def test_the_line_is_named_and_its_neighbours_are_taken(
    project: Project, name: str, content: str | bytes, line: int, reason: str
) -> None:
    job = remap(upload(project, content, name), encoding="utf-8", text="text", external_id="", quoted=True)
    imported(job)
    assert (job.state, job.added, job.refused) == ("done", 2, 1)
    assert {document.text for document in project.documents.all()} == {"one", "three"}
    assert list(reasons(job)) == [line]
    assert reason in reasons(job)[line]


def test_lines_are_physical_also_behind_cells_of_several_lines(project: Project) -> None:
    job = imported(upload(project, 'id,text\n1,"one\nand\nmore"\n\n2\n3,"three\nends"\n4\n'))
    assert list(reasons(job)) == [6, 9]
    assert job.added == 2


@pytest.mark.parametrize(
    ("name", "content", "beginning"),
    [
        ("a.csv", 'id;text\n1;one\n 7 ;"two";three;4\n', '7 ;"two";three;4'),  # too many columns
        ("a.tsv", "id\ttext\n1\tone\n7\t  \n", "7"),  # no text
        ("a.tsv", "id\ttext\tn\n1\tone\t2\n7\t\t3\n", "7\t\t3"),
        ("a.csv", 'id,text\n1,one\n2,"tw"o"\n', '2,"tw"o"'),  # a quote not doubled
        ("a.csv", 'id,text,n\n1,one,2\n2,"two\nlines"\n', '2,"two\nlines"'),
        ("a.csv", 'id,text,label\n1,one,\n2,"b, c","[""Change"",""Court""]"\n', '2,"b, c","[""Change"",""Court""]"'),
        ("a.jsonl", '{"text": "one"}\n{"id": 2, "text":  ""}\n', '{"id": 2, "text":  ""}'),
        ("a.csv", b"id,text\n1,one\n2,caf\xe9\n", "2,caf\ufffd"),
        ("a.csv", f"id,text\n1,one\n2,{'x' * 100_001}\n", f"2,{'x' * 498}"),
    ],
)
def test_the_row_is_kept_as_it_stood_in_the_file(
    project: Project, name: str, content: str | bytes, beginning: str
) -> None:
    job = imported(remap(upload(project, content, name), encoding="utf-8", quoted=True, label_use="annotations"))
    assert list(job.refused_lines.values_list("beginning", flat=True)) == [beginning]


def test_utf_16_with_a_broken_pair_loses_one_line(project: Project) -> None:
    content = b"\xff\xfe" + "text\none\n".encode("utf-16-le") + b"\x00\xd8" + "two\nthree\n".encode("utf-16-le")
    job = imported(upload(project, content))
    assert (job.added, list(reasons(job))) == (2, [3])


def test_a_header_that_cannot_be_read_refuses_the_file(project: Project) -> None:
    job = imported(remap(upload(project, "täxt,id\none,1\n".encode("cp1252")), encoding="utf-8"))
    assert job.state == "failed"
    assert "Line 1 should name the columns: byte 0xe4" in job.reason


@pytest.mark.parametrize(
    ("content", "limit", "words"),
    [([b""], None, "is empty"), ([b"text\n"], None, "no rows"), ([b"x" * 3_000_000], 2_097_152, "at most 2.0 MB")],
)
def test_a_file_is_refused_whole_with_a_sentence(
    project: Project, content: list[bytes], limit: int | None, words: str
) -> None:
    with pytest.raises(FileRefused, match=words):
        store_upload(project=project, user=None, file_name="a.csv", chunks=content, limit=limit)
    assert not project.imports.exists()


def test_several_labels_in_a_project_of_one_label_a_text_are_refused(project: Project) -> None:
    rows = '{"text": "one", "label": "Change"}\n{"text": "two", "label": ["Change", "Court"]}\n'
    job = imported(remap(upload(project, rows, "texts.jsonl"), label_use="names"))
    assert reasons(job) == {2: "2 labels ('Change', 'Court'), but this project takes one label a text"}


def test_an_unknown_label_is_refused_with_the_known_ones(project: Project) -> None:
    job = upload(project, "text,label\none,Change\ntwo,Spam\n")
    imported(remap(job, label_use="annotations", create_labels=False))
    assert reasons(job) == {3: "label 'Spam' is not in this project; known labels: Change, Court, Other"}
    assert project.labels.count() == 3


def test_a_column_of_a_thousand_kinds_makes_no_labels_beyond_the_limit() -> None:
    project = make_project(labels=())
    content = "\n".join(json.dumps({"text": f"t{n}", "label": f"kind {n}"}) for n in range(1_005))
    job = imported(remap(upload(project, content, "a.jsonl"), label_use="names"))
    assert (project.labels.count(), job.added, job.refused) == (1000, 1000, 5)
    assert "at most 1,000" in reasons(job)[1001]


def test_a_refused_line_is_listed_once(project: Project) -> None:
    job = imported(upload(project, "id,text\n1,one\n2\n"))
    assert RefusedLine.objects.filter(job=job).count() == 1

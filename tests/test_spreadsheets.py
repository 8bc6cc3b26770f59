"""Foreign text is shown by a spreadsheet, never computed."""

from __future__ import annotations

import csv
import io

import pytest

from labeller.annotation.export import lines
from labeller.annotation.services import serve
from labeller.corpus.downloads import refused_csv
from labeller.corpus.models import ImportJob, RefusedLine
from labeller.projects.models import Project, User
from labeller.spreadsheets import plain_cell
from tests.annotation.acts import give
from tests.cast import add_texts

FORMULAS = ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "A clause = a rule", " =1", "'=1", "5", "ünï"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert plain_cell(text) == text


@pytest.mark.django_db
@pytest.mark.parametrize("text", FORMULAS)
def test_the_labels_and_the_refused_lines_hold_no_formula(text: str, project: Project, alice: User) -> None:
    add_texts(project, [f"{text} as a clause"])
    give(project, alice, serve(project=project, annotator=alice, count=1)[0], project.labels.all()[0])
    job = ImportJob.objects.create(project=project, created_by=alice, file_name="clauses.csv", size=1)
    RefusedLine.objects.create(job=job, line=1, reason="No text", beginning=text)
    (label,) = csv.DictReader(io.StringIO("".join(lines(project, "csv")), newline=""))
    (line,) = csv.DictReader(io.StringIO("".join(refused_csv(job)).removeprefix("\ufeff"), newline=""))
    assert [label["text"], line["beginning"]] == [f"'{text} as a clause", f"'{text}"]

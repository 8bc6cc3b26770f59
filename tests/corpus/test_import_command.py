"""manage.py import_documents."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labeller.corpus.models import ImportJob
from labeller.projects.models import Project, User

pytestmark = pytest.mark.django_db


def run(project: Project, path: Path, *options: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("import_documents", project.slug, str(path), *options, "--json", stdout=out, stderr=io.StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


@pytest.fixture
def clauses(tmp_path: Path) -> Path:
    path = tmp_path / "clauses.csv"
    path.write_text("nr;clause;kind\n1;one;Court\n2;two;New\n3\n")
    return path


def test_it_imports_what_it_guesses(project: Project, clauses: Path) -> None:
    answer = run(project, clauses)
    assert (answer["rows"], answer["added"], answer["refused"], answer["labelled"]) == (3, 2, 1, 0)
    assert answer["refused_lines"] == [{"line": 4, "reason": "1 column, but the header has 3", "beginning": "3"}]
    assert project.documents.count() == 2


def test_it_takes_labels_over_for_a_member(project: Project, alice: User, clauses: Path) -> None:
    answer = run(project, clauses, "--labels", "annotations", "--create-labels", "--user", "alice")
    assert (answer["labelled"], project.labels.filter(name="New").count()) == (2, 1)


def test_a_dry_run_changes_nothing(project: Project, clauses: Path) -> None:
    answer = run(project, clauses, "--dry-run", "--labels", "names", "--text-column", "clause")
    assert (answer["dry_run"], answer["added"], answer["new_labels"]) == (True, 2, 1)
    assert (project.documents.count(), project.labels.count(), ImportJob.objects.count()) == (0, 3, 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--text-column", "body"], "no column 'body' in clauses.csv; it has: nr, clause, kind"),
        (["--delimiter", "ab"], "one character"),
        (["--labels", "annotations"], "Say whose"),
        (["--user", "mallory"], "no 'mallory' among the members"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(
    project: Project, clauses: Path, options: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        run(project, clauses, *options)
    assert caught.value.returncode == 2
    assert not project.documents.exists()


def test_a_missing_project_or_file_is_a_sentence(project: Project, clauses: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no project 'nowhere'") as caught:
        call_command("import_documents", "nowhere", str(clauses))
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match="No such file") as caught:
        run(project, tmp_path / "missing.csv")
    assert caught.value.returncode == 2

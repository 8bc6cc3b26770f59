"""A file's texts are in the project once, as they were written."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from labeller.corpus.importing import upload_path
from labeller.corpus.models import Document, ImportJob
from labeller.corpus.normalise import draw, text_hash
from labeller.projects.models import Project
from tests.cast import make_project
from tests.corpus.files import csv_bytes, imported, remap, upload

# A file of control characters is refused whole, as no text.
CONTROLS = "".join(map(chr, [*range(9), *range(14, 27), *range(28, 32), 127]))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters=CONTROLS), min_size=1, max_size=60)


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter_gives_the_same_texts(project: Project, encoding: str, delimiter: str) -> None:
    texts = [f'Größere Änderungen, Nr. {n}; ältere "Fassung"\nzweite Zeile' for n in range(25)]
    rows = [["nummer", "text", "art"], *[[str(n), text, "x"] for n, text in enumerate(texts)]]
    job = imported(upload(project, csv_bytes(rows, delimiter=delimiter, encoding=encoding)))
    assert (job.state, job.reason, job.added, job.refused) == ("done", "", 25, 0)
    assert [document.text for document in project.documents.all()] == texts
    assert project.documents.get(text=texts[3]).metadata == {"nummer": "3", "art": "x"}


class AnyTextsComeBack(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts=st.lists(TEXTS, max_size=12), form=st.sampled_from(["csv", "jsonl"]))
    def test_what_is_written_is_there_once(self, texts: list[str], form: str) -> None:
        project = make_project(name="Law")
        if form == "csv":
            content = csv_bytes([["id", "text"], *[["x", text] for text in ["first", *texts]]])
        else:
            content = "\n".join(json.dumps({"text": text}) for text in ["first", *texts]).encode()
        job = imported(remap(upload(project, content, f"law.{form}"), text="text"))
        expected = {text_hash(text.strip()): text.strip() for text in reversed(["first", *texts]) if text.strip()}
        self.assertEqual(
            {row.text_hash: row.text for row in Document.objects.filter(project=project)}, expected, job.reason
        )
        self.assertEqual(job.rows_read, job.added + job.duplicates + job.refused)
        self.assertEqual(job.rows_read, 1 + len(texts))


@pytest.mark.django_db
def test_the_same_file_twice_adds_nothing(project: Project) -> None:
    content = "text\n" + "".join(f"text number {n}\n" for n in range(50))
    assert imported(upload(project, content)).added == 50
    again = imported(upload(project, content))
    assert (again.added, again.duplicates, project.documents.count()) == (0, 50, 50)


@pytest.mark.django_db
def test_a_text_repeated_in_the_file_is_added_once_also_across_batches(project: Project) -> None:
    content = "text\n" + "".join(f"text number {n % 1500}\n" for n in range(2300)) + "TEXT  number 7\n"
    job = imported(upload(project, content))
    assert (job.added, job.duplicates, job.rows_read) == (1500, 801, 2301)


@pytest.mark.django_db
def test_json_lines_keep_ids_and_metadata_as_they_are(project: Project) -> None:
    rows = [{"id": 7, "text": " one ", "source": {"page": 3}}, {"id": "b", "text": "two", "late": [1, None]}]
    imported(upload(project, "\n".join(map(json.dumps, rows)), "a.jsonl"))
    kept = list(project.documents.values_list("text", "external_id", "metadata"))
    assert kept == [("one", "7", {"source": {"page": 3}}), ("two", "b", {"late": [1, None]})]


@pytest.mark.django_db
def test_columns_left_out_are_not_kept(project: Project) -> None:
    imported(remap(upload(project, "text,secret,page\none,x,4\n"), left_out=("secret",)))
    assert project.documents.get().metadata == {"page": "4"}


@pytest.mark.django_db
def test_plain_text_is_one_text_a_line(project: Project) -> None:
    job = imported(
        upload(project, "One text.\r\n\r\n  Another, longer text \rA third\u2028with its own break", "a.txt")
    )
    assert [row.text for row in project.documents.all()] == [
        "One text.", "Another, longer text", "A third\u2028with its own break"
    ]  # fmt: skip
    assert job.refused == 0


@pytest.mark.django_db
def test_the_draw_follows_from_seed_and_text(project: Project) -> None:
    imported(upload(project, "text\nb\na\n"))
    for document in project.documents.all():
        assert document.draw == draw(project.seed, text_hash(document.text))


@pytest.mark.django_db
def test_the_upload_goes_when_the_import_is_done_and_its_hash_stays(project: Project) -> None:
    job = upload(project, "text\none\n", "../../etc/passwd")
    path = upload_path(job)
    assert job.file_name == "passwd"
    assert path.is_file()
    assert path.name == str(job.key)
    imported(job)
    assert not path.exists()
    assert len(job.sha256) == 64


@pytest.mark.django_db
def test_the_database_refuses_a_second_unfinished_import(project: Project) -> None:
    facts = {"project": project, "path": "x", "size": 1, "heartbeat_at": timezone.now()}
    ImportJob.objects.create(state="running", **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportJob.objects.create(state="queued", **facts)

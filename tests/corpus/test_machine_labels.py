"""Labels that a language model gave are imported under its name, and are nobody's answers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from labeller.annotation import services
from labeller.annotation.export import rows
from labeller.annotation.machine import MachineAnnotator, MachineAnswer
from labeller.annotation.machine_services import keep_machine_answers
from labeller.annotation.models import Annotation, Lease, Source
from labeller.annotation.selectors import current_labels, label_counts, progress
from labeller.corpus.errors import ImportStateError
from labeller.corpus.importing import run_import
from labeller.corpus.models import ImportJob
from labeller.corpus.signals import ImportedAnswer
from labeller.insight.selectors import standing
from labeller.projects.merging import merge_labels
from labeller.projects.models import Project, User
from tests.corpus.files import imported, reasons, remap, upload

pytestmark = pytest.mark.django_db
FILE = "text,label\none,Court\ntwo,Change\nthree,Other\n"


def by_machine(project: Project, content: str = FILE, name: str = "gpt-x", user: User | None = None) -> ImportJob:
    return imported(remap(upload(project, content, user=user), label_use="machine", machine=name))


def said(project: Project) -> dict[str, list[str]]:
    current = MachineAnswer.objects.filter(project=project, superseded_at=None)
    return {answer.document.text: [label.name for label in answer.labels.all()] for answer in current}


class TestTheyAreKept:
    def test_under_the_name_of_the_model(self, project: Project) -> None:
        job = by_machine(project)
        assert (job.labelled, job.added, said(project)) == (
            3,
            3,
            {"one": ["Court"], "two": ["Change"], "three": ["Other"]},
        )
        assert MachineAnnotator.objects.get().name == "gpt-x"

    def test_the_newest_import_of_a_name_counts_and_another_name_is_another_annotator(self, project: Project) -> None:
        by_machine(project)
        by_machine(project, "text,label\none,Other\n", name="GPT-X")
        by_machine(project, "text,label\none,Change\n", name="gpt-x, prompt 2")
        answers = MachineAnswer.objects.filter(document__text="one", superseded_at=None).order_by("id")
        assert [(one.annotator.name, one.labels.get().name) for one in answers] == [
            ("gpt-x", "Other"),
            ("gpt-x, prompt 2", "Change"),
        ]
        assert MachineAnswer.objects.count() == 5

    def test_once_though_a_killed_worker_s_batch_is_run_again(self, project: Project) -> None:
        job = by_machine(project)
        first = MachineAnswer.objects.order_by("id").first()
        assert first is not None
        assert keep_machine_answers(job, "gpt-x", [ImportedAnswer(first.document_id, (), 2)]) == 0

    def test_with_the_other_lines_when_it_names_a_label_that_the_project_does_not_have(self, project: Project) -> None:
        job = by_machine(project, "text,label\none,Court\ntwo,I cannot tell\n")
        assert reasons(job)[3].startswith("label 'I cannot tell' is not in this project")
        assert project.labels.count() == 3

    def test_a_merged_label_s_name_is_read_as_what_it_became(self, project: Project) -> None:
        merge_labels(project=project, labels=list(project.labels.exclude(name="Other")), into="Change")
        by_machine(project)
        assert said(project)["one"] == ["Change"]


class TestTheyAreNobodysAnswers:
    @pytest.fixture
    def labelled(self, project: Project, alice: User) -> Project:
        by_machine(project, user=alice)
        return project

    def test_a_text_with_only_them_is_unlabelled_and_served(self, labelled: Project, alice: User, bob: User) -> None:
        assert list(current_labels(labelled)) == []
        assert (progress(labelled, alice).labelled, progress(labelled, alice).today) == (0, 0)
        assert {count for _, count in label_counts(labelled)} == {0}
        assert len(services.serve(project=labelled, annotator=alice)) == 3

    def test_they_are_in_no_figure(self, labelled: Project) -> None:
        assert (standing(labelled, []).labels, standing(labelled, []).audit) == (0, 0)
        assert not Annotation.objects.exists()

    def test_the_database_takes_none_for_a_person_s(self, labelled: Project, alice: User) -> None:
        facts = {"project": labelled, "document": labelled.documents.first(), "annotator": alice, "source": Source.LLM}
        with pytest.raises(IntegrityError), transaction.atomic():
            Annotation.objects.create(**facts, status="labelled", key="0b6f7f3a-0000-4000-8000-000000000009")
        with pytest.raises(IntegrityError), transaction.atomic():
            Lease.objects.create(**facts, slot=0, reason="", expires_at="2030-01-01T00:00Z")

    def test_the_database_keeps_one_current_answer_a_text_and_model(self, labelled: Project) -> None:
        answer = MachineAnswer.objects.first()
        assert answer is not None
        with pytest.raises(IntegrityError), transaction.atomic():
            MachineAnswer.objects.create(
                key="0b6f7f3a-0000-4000-8000-000000000008",
                project=labelled,
                annotator=answer.annotator,
                document=answer.document,
            )

    def test_the_export_has_them_behind_people_with_their_source(self, labelled: Project) -> None:
        assert [(row["text"], row["labels"], row["annotator"], row["source"]) for row in rows(labelled)] == [
            ("one", ["Court"], "gpt-x", "llm"),
            ("two", ["Change"], "gpt-x", "llm"),
            ("three", ["Other"], "gpt-x", "llm"),
        ]


class TestTheImportAsks:
    def test_for_the_name_once_they_come_from_a_language_model(self, project: Project, alice: User, client_of) -> None:
        job = upload(project, FILE, user=alice)
        address, client = reverse("import-map", args=[project.slug, job.key]), client_of(alice)
        fields = {"format": "csv", "encoding": "utf-8", "delimiter": ",", "header": "on", "quoted": "on"}
        fields |= {"text": "text", "labels": "label", "label_use": "machine", "create_labels": "add"}
        page = client.post(address, fields, headers={"HX-Request": "true", "HX-Target": "mapping"}).content.decode()
        assert 'name="machine"' in page and "no answers, teach no model" in page and "Name the LLM" not in page
        run = reverse("import-run", args=[project.slug, job.key])
        assert "Name the LLM" in client.post(run, fields | {"machine": " "}).content.decode()
        assert "Name the LLM first" in client.post(run, fields, follow=True).content.decode()
        client.post(run, fields | {"machine": "gpt-x"})
        run_import(job.pk)
        done = client.get(reverse("import-status", args=[project.slug, job.key])).content.decode()
        assert "See how often gpt-x is right" in done and len(said(project)) == 3

    def test_and_does_not_start_without(self, project: Project) -> None:
        with pytest.raises(ImportStateError, match="Name the LLM first"):
            by_machine(project, name="")

    def test_by_command_too(self, project: Project, tmp_path: Path) -> None:
        path = tmp_path / "labels.csv"
        path.write_text(FILE)
        out = io.StringIO()
        options = ("--labels", "machine", "--machine", "gpt-x", "--json")
        call_command("import_documents", project.slug, str(path), *options, stdout=out, stderr=io.StringIO())
        assert json.loads(out.getvalue())["labelled"] == 3 and len(said(project)) == 3
        for wrong in (["--labels", "machine"], ["--labels", "ignore", "--machine", "gpt-x"]):
            with pytest.raises(CommandError, match="--labels machine --machine NAME"):
                call_command("import_documents", project.slug, str(path), *wrong, stderr=io.StringIO())

"""A test file: its texts measure models and never teach, so no text is in it and in the pool."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from labeller.annotation.models import Annotation
from labeller.corpus import services, testset
from labeller.corpus.dry_run import run_dry_run
from labeller.corpus.errors import MappingError
from labeller.corpus.importing import run_import
from labeller.corpus.models import Document, ImportJob
from labeller.projects.labels import LabelInUse, delete_label
from labeller.projects.models import Project, User
from tests.cast import make_project
from tests.corpus.files import csv_bytes, imported, reasons, remap, upload

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
TEST = ImportJob.Purpose.TEST
ROWS = "id,text,label\n1,We may change this.,Change\n2,Go to the court.,court\n3,Open the menu.,Other\n"


def exam(project: Project, content: str | bytes = ROWS, name: str = "exam.csv", user: User | None = None) -> ImportJob:
    raw = content.encode() if isinstance(content, str) else content
    return services.store_upload(project=project, user=user, file_name=name, chunks=[raw], purpose=TEST)


class TestItsTextsAreKeptApart:
    def test_texts_labels_ids_and_other_columns_are_kept_in_the_set_and_none_in_the_pool(
        self, project: Project
    ) -> None:
        job = imported(exam(project, ROWS.replace("label\n", "label,page\n", 1).replace("Change\n", "Change,4\n")))
        assert (job.state, job.added, job.refused) == ("done", 1, 2)  # two rows lack the new column
        job = imported(exam(project))
        found = testset.set_in_force(project)
        assert found is not None and (found.name, found.n_texts, found.sha256) == ("exam.csv", 3, job.sha256)
        kept = {one.external_id: (one.text, [label.name for label in one.labels.all()]) for one in found.texts.all()}
        assert kept == {
            "1": ("We may change this.", ["Change"]),
            "2": ("Go to the court.", ["Court"]),
            "3": ("Open the menu.", ["Other"]),
        }
        assert not Document.objects.exists() and not Annotation.objects.exists()

    def test_a_text_of_the_pool_is_refused_with_its_line(self, project: Project) -> None:
        imported(upload(project, "text\nGo to  the COURT.\n"))
        job = imported(exam(project))
        assert reasons(job) == {3: "the text is in the pool, where it teaches or may teach: it cannot measure as well"}
        assert job.added == 2

    def test_a_text_of_the_test_set_is_refused_from_the_pool_by_the_set_s_name(self, project: Project) -> None:
        imported(exam(project))
        job = imported(upload(project, "text\nA new text.\nOPEN the menu.\n"))
        assert reasons(job) == {
            3: "the text is in the test set exam.csv, which only measures: in the pool it would teach as well"
        }
        assert [document.text for document in project.documents.all()] == ["A new text."]

    def test_another_project_s_test_set_refuses_nothing(self, project: Project) -> None:
        imported(exam(make_project(name="Other")))
        assert imported(upload(project, "text\nOpen the menu.\n")).added == 1

    def test_a_text_repeated_in_the_file_counts_once_with_its_first_label(self, project: Project) -> None:
        job = imported(exam(project, ROWS + "4,OPEN the menu.,Court\n"))
        assert (job.added, job.duplicates) == (3, 1)
        assert [label.name for label in testset.TestText.objects.get(external_id="3").labels.all()] == ["Other"]


class TestWhatIsRefused:
    def test_a_line_without_a_label_or_with_an_unknown_one(self, project: Project) -> None:
        job = imported(exam(project, ROWS + "4,No label here.,\n5,Fees rise.,Fees\n"))
        assert reasons(job) == {
            5: "it has no label, and without one it measures nothing",
            6: "label 'Fees' is not in this project; known labels: Change, Court, Other",
        }

    def test_unknown_labels_are_added_where_that_was_chosen(self, project: Project) -> None:
        imported(remap(exam(project, ROWS + "5,Fees rise.,Fees\n"), create_labels=True))
        assert [label.name for label in testset.TestText.objects.get(external_id="5").labels.all()] == ["Fees"]

    def test_with_several_labels_a_text_an_empty_list_says_none_of_them(self) -> None:
        project = make_project("multi")
        rows = [{"text": "one", "label": []}, {"text": "two", "label": ["Court", "Change"]}, {"text": "three"}]
        job = imported(exam(project, "\n".join(map(json.dumps, rows)), "exam.jsonl"))
        kept = {one.text: {label.name for label in one.labels.all()} for one in testset.TestText.objects.all()}
        assert kept == {"one": set(), "two": {"Court", "Change"}} and list(reasons(job)) == [3]

    def test_a_file_without_a_column_of_labels(self, project: Project) -> None:
        with pytest.raises(MappingError, match="needs a column of labels"):
            services.start_import(job=exam(project, "text\nalone\n"))

    def test_more_texts_than_a_test_set_may_have(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labeller.corpus.batches.MOST_TEXTS", 2)
        job = exam(project)
        run_dry_run(job.pk)
        job.refresh_from_db()
        assert (job.dry_run["added"], job.dry_run["refused"]) == (2, 1)
        job = imported(job)
        assert job.added == 2 and list(reasons(job)) == [4]

    def test_a_file_of_which_nothing_can_be_taken_leaves_the_set_before_it(self, project: Project) -> None:
        imported(exam(project))
        job = imported(exam(project, "text,label\nsomething,Unheard of\n", "second.csv"))
        assert job.state == "failed" and job.reason.startswith("No line of it could be taken")
        found = testset.set_in_force(project)
        assert found is not None and found.name == "exam.csv"

    def test_the_dry_run_tells_the_same_and_writes_nothing(self, project: Project) -> None:
        imported(upload(project, "text\nGo to the court.\n"))
        job = exam(project, ROWS + "4,No label here.,\n")
        run_dry_run(job.pk)
        job.refresh_from_db()
        told = job.dry_run
        assert (told["added"], told["refused"], [row["line"] for row in told["refusals"]]) == (2, 2, [3, 5])
        assert not testset.TestSet.objects.exists()


class TestReplacingAndDeleting:
    def test_the_set_before_stays_until_the_new_file_is_read_whole(self, project: Project) -> None:
        imported(exam(project))
        second = exam(project, ROWS + "4,A fourth.,Other\n", "second.csv")
        services.start_import(job=second, background=False)
        before = testset.set_in_force(project)
        assert before is not None and before.name == "exam.csv"
        run_import(second.pk)
        after = testset.set_in_force(project)
        assert after is not None and (after.name, after.n_texts) == ("second.csv", 4)
        assert testset.TestText.objects.count() == 4

    def test_of_a_cancelled_file_nothing_is_kept(self, project: Project) -> None:
        content = csv_bytes([["text", "label"], *[[f"text {n}", "Other"] for n in range(1500)]])
        job = exam(project, content)
        services.start_import(job=job, background=False)
        run_import(job.pk, on_batch=lambda so_far: services.cancel_import(job=ImportJob.objects.get(pk=so_far.pk)))
        assert ImportJob.objects.get().state == "cancelled"
        assert not testset.TestSet.objects.exists() and not testset.TestText.objects.exists()

    def test_a_new_file_gives_up_the_one_that_failed(self, project: Project) -> None:
        failed = imported(exam(project, "text,label\nsomething,Unheard of\n"))
        imported(exam(project, ROWS, "second.csv"))
        failed.refresh_from_db()
        assert failed.state == "cancelled" and testset.TestSet.objects.count() == 1

    def test_a_deleted_set_s_texts_may_come_into_the_pool(self, project: Project) -> None:
        imported(exam(project))
        services.delete_test_set(test_set=testset.TestSet.objects.get())
        assert imported(upload(project, "text\nOpen the menu.\n")).added == 1

    def test_a_label_of_the_test_set_cannot_be_deleted_meanwhile(self, project: Project) -> None:
        imported(exam(project))
        with pytest.raises(LabelInUse):
            delete_label(label=project.labels.get(name="Court"))

    def test_the_database_itself_holds_one_set_in_force_and_each_text_once(self, project: Project) -> None:
        imported(exam(project))
        found = testset.TestSet.objects.get()
        job = exam(project)
        with pytest.raises(IntegrityError), transaction.atomic():
            testset.TestSet.objects.create(project=project, job=job, name="x", sha256="0" * 64, ready_at=timezone.now())
        text = found.texts.first()
        assert text is not None
        with pytest.raises(IntegrityError), transaction.atomic():
            testset.TestText.objects.create(project=project, test_set=found, text="x", text_hash=text.text_hash)


class TestThePages:
    def test_the_whole_way_works_as_plain_forms(self, project: Project, alice: User, client_of: ClientOf) -> None:
        client = client_of(alice)
        start = reverse("import-new-test", args=[project.slug])
        assert "Upload a test file" in client.get(start).content.decode()
        answer = client.post(start, {"file": SimpleUploadedFile("exam.csv", ROWS.encode())})
        job = ImportJob.objects.get()
        assert job.is_test and not job.settings["create_labels"]
        assert answer["Location"] == reverse("import-map", args=[project.slug, job.key])
        page = client.get(answer["Location"]).content.decode()
        assert "These texts will only measure models." in page and "Take it as the test file" in page
        assert "What to do with them" not in page
        client.post(reverse("import-run", args=[project.slug, job.key]), mapping())
        run_import(job.pk)
        page = client.get(reverse("import-status", args=[project.slug, job.key])).content.decode()
        assert "Models are measured on it from now on" in page and "Go to the test file" in page
        assert "Labels taken over" not in page

    def test_without_a_column_of_labels_the_mapping_says_what_is_missing(
        self, project: Project, alice: User, client_of: ClientOf
    ) -> None:
        job = exam(project)
        page = client_of(alice).post(reverse("import-run", args=[project.slug, job.key]), mapping(labels=""))
        assert "Choose the column of labels: without them nothing is measured." in page.content.decode()

    def test_replacing_says_beforehand_what_is_lost(self, project: Project, alice: User, client_of: ClientOf) -> None:
        imported(exam(project))
        client = client_of(alice)
        page = client.get(reverse("import-new-test", args=[project.slug])).content.decode()
        assert "exam.csv goes as soon as the new file is read whole, and with it every figure measured on it." in page
        job = exam(project, ROWS, "second.csv")
        page = client.get(reverse("import-map", args=[project.slug, job.key])).content.decode()
        assert "its 3 texts go, and every figure that was measured on them." in page and "Replace the test file" in page

    def test_test_files_are_not_among_the_pool_s_imports(
        self, project: Project, alice: User, client_of: ClientOf
    ) -> None:
        imported(exam(project))
        page = client_of(alice).get(reverse("data", args=[project.slug])).content.decode()
        assert "0 texts" in page and "exam.csv" not in page

    def test_uploading_one_is_for_managers(
        self, project: Project, bob: User, rita: User, mallory: User, client_of: ClientOf
    ) -> None:
        url = reverse("import-new-test", args=[project.slug])
        assert [client_of(who).get(url).status_code for who in (mallory, rita, bob)] == [404, 403, 403]


class TestByCommand:
    def test_a_test_file_is_imported_by_command(self, project: Project, tmp_path: Path) -> None:
        path, out = tmp_path / "exam.csv", io.StringIO()
        path.write_text(ROWS + "4,Fees rise.,Fees\n")
        call_command("import_documents", project.slug, str(path), "--test", "--json", stdout=out, stderr=io.StringIO())
        told: dict[str, Any] = json.loads(out.getvalue())
        assert (told["added"], told["refused"]) == (3, 1) and testset.set_in_force(project) is not None

    def test_one_without_labels_is_refused(self, project: Project, tmp_path: Path) -> None:
        path = tmp_path / "exam.txt"
        path.write_text("alone\n")
        with pytest.raises(CommandError, match="--label-column") as refused:
            call_command("import_documents", project.slug, str(path), "--test", stderr=io.StringIO())
        assert refused.value.returncode == 2 and not ImportJob.objects.exists()


def mapping(**changes: object) -> dict[str, object]:
    return {
        "format": "csv", "encoding": "utf-8", "delimiter": ",", "header": "on", "quoted": "on", "text": "text",
        "external_id": "id", "labels": "label", "create_labels": "refuse", "metadata": ["id", "text", "label"],
    } | changes  # fmt: skip

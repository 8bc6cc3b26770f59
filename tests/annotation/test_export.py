import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from labeller.annotation import services
from labeller.annotation.export import COLUMNS
from labeller.corpus.models import Document
from labeller.projects.models import Label
from tests.annotation.acts import give, one
from tests.cast import add_texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered(project, bob):
    add_texts(project, ['=cmd("calc")', "Two\nlines, and a comma", "Grüße 😀", "\tA tab first"])
    Document.objects.update(metadata={"page": 3})
    labels = list(project.labels.all())
    given = {}
    for at, status in enumerate(["labelled", "labelled", "skipped", "labelled"]):
        served = one(project, bob)
        given[served.text] = give(
            project, bob, served, *([labels[at % 3]] if status == "labelled" else []), status=status, comment="-1"
        )
    return given


def fetched(client, project, file_format):
    response = client.get(reverse("export-labels", args=[project.slug, file_format]))
    assert response.streaming and f"{project.slug}-labels.{file_format}" in response["Content-Disposition"]
    return b"".join(response.streaming_content).decode()


def test_json_lines_hold_every_current_answer_exactly(project, alice, client_of, answered):
    rows = [json.loads(line) for line in fetched(client_of(alice), project, "jsonl").splitlines()]
    assert {row["text"] for row in rows} == set(answered)
    for row in rows:
        annotation = answered[row["text"]]
        assert list(row) == COLUMNS
        assert row["labels"] == [label.name for label in annotation.labels.all()]
        assert (row["status"], row["annotator"], row["source"]) == (annotation.status, "bob", annotation.source)
        assert (row["comment"], row["seconds"], row["metadata"]) == ("-1", 3.0, {"page": 3})


@pytest.mark.parametrize("file_format", ["jsonl", "csv"])
def test_a_reader_is_not_told_how_long_anybody_worked(project, rita, client_of, answered, file_format):
    found = fetched(client_of(rita), project, file_format)
    rows = list(csv.DictReader(io.StringIO(found))) if file_format == "csv" else [*map(json.loads, found.splitlines())]
    assert {row["text"].lstrip("'") for row in rows} == set(answered)
    for row in rows:
        assert row["annotator"] == "bob" and not row["seconds"]
        assert row["labelled_at"] == f"{timezone.now():%Y-%m-%d}"


def test_a_text_s_own_id_is_never_mixed_up_with_our_number(project, rita, bob, client_of):
    with_one, without = add_texts(project, ["First clause", "Second clause"])
    Document.objects.filter(pk=with_one.pk).update(external_id=str(without.pk))  # a file may number as we do
    for _ in range(2):
        give(project, bob, one(project, bob), project.labels.first())
    rows = [json.loads(line) for line in fetched(client_of(rita), project, "jsonl").splitlines()]
    assert sorted((row["document"], row["id"]) for row in rows) == [(with_one.pk, str(without.pk)), (without.pk, "")]


def test_csv_holds_the_same_and_no_cell_runs_as_a_formula(project, rita, client_of, answered):
    rows = list(csv.DictReader(io.StringIO(fetched(client_of(rita), project, "csv"), newline="")))
    assert {row["text"] for row in rows} == {'\'=cmd("calc")', "Two\nlines, and a comma", "Grüße 😀", "'\tA tab first"}
    assert {row["comment"] for row in rows} == {"'-1"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_an_undone_answer_is_not_exported(project, bob, rita, client_of, answered):
    services.undo(project=project, annotator=bob)
    assert len(fetched(client_of(rita), project, "jsonl").splitlines()) == 3


def test_several_labels_stand_in_one_cell(project, bob, rita, client_of):
    project.kind = "multi"
    project.save()
    add_texts(project, ["A clause"])
    give(project, bob, one(project, bob), *project.labels.all())
    row = next(csv.DictReader(io.StringIO(fetched(client_of(rita), project, "csv"))))
    assert row["labels"] == "Change|Court|Other"


def test_the_number_of_queries_does_not_grow_with_the_answers(
    project, bob, rita, client_of, answered, django_assert_max_num_queries
):
    client = client_of(rita)
    with django_assert_max_num_queries(8):
        fetched(client, project, "csv")


def test_strangers_get_404_and_other_formats_do_not_exist(project, mallory, bob, rita, client_of):
    address = reverse("export-labels", args=[project.slug, "csv"])
    assert client_of(mallory).get(address).status_code == 404
    assert client_of(rita).get(address.replace(".csv", ".xml")).status_code == 404
    assert client_of(rita).post(address).status_code == 405


def test_the_command_writes_the_file_and_reports(project, answered, tmp_path, capsys):
    out = tmp_path / "labels.csv"
    call_command("export_labels", project.slug, "--out", str(out), "--json")
    assert json.loads(capsys.readouterr().out)["answers"] == 4
    with out.open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 4
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["labels.csv"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "There is no project 'nowhere'. Known: terms-of-service"),
        (["terms-of-service", "--json"], "name one with --out"),
        (["terms-of-service", "--out", "/nowhere/at/all.csv"], "Cannot write /nowhere/at/all.csv: No such file"),
    ],
)
def test_bad_input_to_the_command_ends_with_2_and_a_sentence(project, words, sentence):
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("export_labels", *words)
    assert refused.value.returncode == 2


def test_a_label_that_was_deleted_since_leaves_its_number_in_the_prediction(project, bob, rita, client_of):
    from tests.annotation.acts import rank

    documents = add_texts(project, [f"Clause {number}" for number in range(9)])
    gone = Label.objects.create(project=project, name="Gone", colour="#123456", position=9)
    rank(project, documents, prediction={str(gone.pk): 0.5})
    give(project, bob, one(project, bob), project.labels.first())
    number = str(gone.pk)
    gone.delete()
    assert json.loads(fetched(client_of(rita), project, "jsonl"))["prediction"] == {number: 0.5}

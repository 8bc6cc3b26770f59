"""Labels that stand in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from labeller.corpus.models import ImportJob
from labeller.corpus.signals import ImportedAnswer, documents_imported
from labeller.projects.models import Project, User
from tests.cast import add_texts, make_project
from tests.corpus.files import imported, reasons, remap, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[ImportedAnswer]]:
    """What receivers of documents_imported are told."""
    answers: list[ImportedAnswer] = []

    def listen(sender: type[ImportJob], answers_: list[ImportedAnswer] | None = None, **more: Any) -> int:
        answers.extend(more["answers"])
        return 0

    documents_imported.connect(listen)
    yield answers
    documents_imported.disconnect(listen)


def test_a_label_column_can_be_left_out(project: Project, heard: list[ImportedAnswer]) -> None:
    imported(remap(upload(project, "text,label\none,Spam\n"), label_use="ignore"))
    assert (heard, project.labels.count(), project.documents.get().metadata) == ([], 3, {})


def test_only_the_names_can_be_added(project: Project, heard: list[ImportedAnswer]) -> None:
    imported(remap(upload(project, "text,label\none,Spam\ntwo,change\nthree, Ham \n"), label_use="names"))
    assert [label.name for label in project.labels.all()] == ["Change", "Court", "Other", "Spam", "Ham"]
    assert len({label.colour for label in project.labels.all()}) == 5
    assert heard == []


def test_answers_are_told_with_text_labels_and_line(project: Project, heard: list[ImportedAnswer]) -> None:
    imported(remap(upload(project, "text,label\none,Court\ntwo,\nthree,new\n"), label_use="annotations"))
    labels = dict(project.labels.values_list("name", "id"))
    texts = dict(project.documents.values_list("text", "id"))
    assert heard == [
        ImportedAnswer(texts["one"], (labels["Court"],), 2, is_new=True),
        ImportedAnswer(texts["three"], (labels["new"],), 4, is_new=True),
    ]


def test_where_a_text_has_one_label_its_name_may_hold_any_mark(project: Project, heard: list[ImportedAnswer]) -> None:
    names = ["C#", "Wages; holidays", "A|B"]
    rows = "".join(f"text {at},{name}\n" for at, name in enumerate(names))
    job = imported(remap(upload(project, f"text,label\n{rows}"), label_use="annotations"))
    labels = dict(project.labels.values_list("id", "name"))
    assert job.refused == 0 and [[labels[pk] for pk in answer.label_ids] for answer in heard] == [[n] for n in names]


def test_texts_that_were_there_before_get_their_labels_too(project: Project, heard: list[ImportedAnswer]) -> None:
    imported(upload(project, "text\none\ntwo\n"))
    imported(remap(upload(project, "text,label\nTWO,Court\n"), label_use="annotations"))
    assert [(answer.document_id, answer.is_new) for answer in heard] == [(project.documents.get(text="two").pk, False)]


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (["A", "B"], ("A", "B")),
        ("A", ("A",)),
        ("A|B", ("A", "B")),
        (" A | | a ", ("a",)),
        ('["A", "B"]', ("A", "B")),
        ([], ()),
        (None, None),
        ("", None),
        (3, ("3",)),
    ],
)
def test_labels_may_be_lists_strings_or_cells(
    value: object, names: tuple[str, ...] | None, heard: list[ImportedAnswer]
) -> None:
    project = make_project(kind="multi", labels=("A", "B", "3"))
    job = remap(upload(project, json.dumps({"text": "one", "label": value}), "a.jsonl"), label_use="annotations")
    imported(remap(job, labels="label"))
    found = {label.pk: label.name.lower() for label in project.labels.all()}
    told = [tuple(found[pk] for pk in answer.label_ids) for answer in heard]
    assert told == ([] if names is None else [tuple(name.lower() for name in names)])


@pytest.mark.parametrize("value", [{"a": 1}, [["A"]], True, [None]])
def test_anything_else_is_refused(value: object) -> None:
    project = make_project(kind="multi", labels=("A",))
    job = remap(upload(project, json.dumps({"text": "one", "label": value}), "a.jsonl"), label_use="annotations")
    assert reasons(imported(job)) == {1: "the label is neither a string nor a list of strings"}


def test_they_become_annotations_of_the_person_who_imports(project: Project, alice: User) -> None:
    add_texts(project, ["zero"])
    content = "text,label\none,Court\ntwo,Change\n"
    job = imported(remap(upload(project, content, user=alice), label_use="annotations"))
    assert job.labelled == 2
    again = imported(remap(upload(project, content, user=alice), label_use="annotations"))
    assert (again.labelled, again.duplicates) == (0, 2)

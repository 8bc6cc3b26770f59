"""Which column is the text, the id, the labels."""

from __future__ import annotations

import pytest

from labeller.corpus.mapping import Mapping
from labeller.projects.models import Project
from tests.cast import make_project
from tests.corpus.files import upload

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("content", "text", "external_id", "labels"),
    [
        ("id,text,label\n1,one,A\n2,two,B\n", "text", "id", "label"),
        ("Doc ID;Clause;Category\n1;We may change;A\n2;We may not;B\n", "Clause", "Doc ID", "Category"),
        ("nr,Inhalt\n7,Wir dürfen ändern was wir wollen\n8,Sie dürfen es nicht\n", "Inhalt", "nr", ""),
        ("id,text\n1,one\n1,two\n", "text", "", ""),  # an id that tells nothing apart is none
    ],
)
def test_columns_are_known_by_name_else_by_content(
    project: Project, content: str, text: str, external_id: str, labels: str
) -> None:
    mapping = Mapping.from_json(upload(project, content).settings)
    assert (mapping.text, mapping.external_id, mapping.labels) == (text, external_id, labels)


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["Change", "court", "Other"], "Art"),
        (["Change", "Court", "Spam"], "Art"),  # one the project does not have yet
        (["Change", "Spam", "Ham"], ""),
        (["", "", ""], ""),
    ],
)
def test_a_column_of_this_project_s_labels_is_known_by_its_cells(
    project: Project, cells: list[str], labels: str
) -> None:
    content = "Inhalt,Art\n" + "".join(
        f"Wir dürfen Absatz {n} jederzeit ändern,{cell}\n" for n, cell in enumerate(cells)
    )
    mapping = Mapping.from_json(upload(project, content).settings)
    assert (mapping.text, mapping.labels) == ("Inhalt", labels)


def test_a_column_of_several_labels_is_known_by_its_cells() -> None:
    project = make_project(kind="multi")
    cells = ("Change|Court", "Other", "")
    rows = "".join(f"Wir dürfen Absatz {n} jederzeit ändern,{cell}\n" for n, cell in enumerate(cells))
    mapping = Mapping.from_json(upload(project, f"Inhalt,Art\n{rows}").settings)
    assert (mapping.text, mapping.labels) == ("Inhalt", "Art")


@pytest.mark.parametrize(("cell", "separator"), [("A|B", "|"), ("A;B", ";"), ("A#B", "#"), ("A", "|")])
@pytest.mark.parametrize("kind", ["single", "multi"])
def test_the_separator_is_the_one_seen_in_label_cells_where_a_text_has_several(
    kind: str, cell: str, separator: str
) -> None:
    mapping = Mapping.from_json(upload(make_project(kind=kind), f"text,labels\none,{cell}\ntwo,A\n").settings)
    assert mapping.separator == (separator if kind == "multi" else "")


def test_a_mapping_survives_its_json(project: Project) -> None:
    mapping = Mapping.from_json(upload(project, "id,text,label\n1,one,A\n").settings)
    assert Mapping.from_json(mapping.to_json()) == mapping

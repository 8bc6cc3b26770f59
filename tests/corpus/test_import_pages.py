"""The pages of an import: who may see them, and the whole way through them as plain HTML forms."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from labeller.corpus.dry_run import run_dry_run
from labeller.corpus.importing import run_import
from labeller.corpus.models import ImportJob
from labeller.projects.models import Project, User
from tests.cast import add_texts, make_project
from tests.corpus.files import imported, remap, upload

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
CONTENT = "id,text,label,page\n1,one,Court,4\n2,two,Change,5\n3\n"
# name, method that works, method that is refused
OF_A_JOB = [
    ("import-map", "get", "put"),
    ("import-run", "post", "get"),
    ("import-cancel", "post", "get"),
    ("import-status", "get", "post"),
    ("import-refused", "get", "post"),
]


@pytest.mark.parametrize(("name", "method", "wrong"), OF_A_JOB)
def test_an_import_is_for_managers(
    project: Project,
    alice: User,
    bob: User,
    rita: User,
    mallory: User,
    client_of: ClientOf,
    name: str,
    method: str,
    wrong: str,
) -> None:
    job = upload(project, CONTENT)
    url = reverse(name, args=[project.slug, job.key])
    assert getattr(client_of(mallory), method)(url).status_code == 404
    assert getattr(client_of(rita), method)(url).status_code == 403
    assert getattr(client_of(bob), method)(url).status_code == 403
    assert getattr(Client(), method)(url).status_code == 302
    client = client_of(alice)
    assert getattr(client, wrong)(url).status_code == 405
    assert getattr(client, method)(reverse(name, args=[project.slug, uuid.uuid4()])).status_code == 404
    assert getattr(client, method)(reverse(name, args=[make_project(name="Other").slug, job.key])).status_code == 404
    assert getattr(client, method)(url).status_code in (200, 302)


def test_uploading_is_for_managers(
    project: Project, alice: User, bob: User, mallory: User, client_of: ClientOf
) -> None:
    url = reverse("import-new", args=[project.slug])
    assert client_of(mallory).get(url).status_code == 404
    assert client_of(bob).get(url).status_code == 403
    assert client_of(alice).put(url).status_code == 405
    assert client_of(alice).get(url).status_code == 200


def post_mapping(client: Client, job: ImportJob, name: str = "import-map", **changes: object) -> object:
    values = {
        "format": "csv", "encoding": "utf-8", "delimiter": ",", "header": "on", "quoted": "on", "text": "text",
        "external_id": "id", "labels": "label", "label_use": "annotations", "separator": "|", "create_labels": "add",
        "metadata": ["id", "text", "label", "page"],
    } | changes  # fmt: skip
    return client.post(reverse(name, args=[job.project.slug, job.key]), values)


def test_the_whole_way_works_without_javascript(project: Project, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    file = SimpleUploadedFile("clauses.csv", CONTENT.encode())
    response = client.post(reverse("import-new", args=[project.slug]), {"file": file})
    job = ImportJob.objects.get()
    assert response.url == reverse("import-map", args=[project.slug, job.key])  # type: ignore[attr-defined]
    page = client.get(response.url).content.decode()  # type: ignore[attr-defined]
    assert "The first 3 rows" in page
    assert "Refused: 1 column, but the header has 4." in page
    post_mapping(client, job, action="check")
    assert "An import would add 2 texts" in client.get(response.url).content.decode()  # type: ignore[attr-defined]
    post_mapping(client, job, name="import-run")
    job.refresh_from_db()
    status = reverse("import-status", args=[project.slug, job.key])
    assert job.state == "queued"
    assert 'hx-trigger="every 1s"' in client.get(status).content.decode()
    run_import(job.pk)
    page = client.get(status).content.decode()
    assert 'hx-trigger="every 1s"' not in page
    assert '<b class="num">Line 4:</b> 1 column, but the header has 4.' in page
    refused = client.get(reverse("import-refused", args=[project.slug, job.key]))
    rows = b"".join(refused.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert rows == ["line,reason,beginning", '4,"1 column, but the header has 4",3']
    data = client.get(reverse("data", args=[project.slug])).content.decode()
    assert "2 texts" in data
    assert "clauses.csv" in data


@pytest.mark.parametrize(("kind", "kept"), [("single", ""), ("multi", ";")])
def test_the_mark_between_labels_is_asked_where_a_text_has_several(
    kind: str, kept: str, project: Project, alice: User, client_of: ClientOf
) -> None:
    Project.objects.filter(pk=project.pk).update(kind=kind)
    project.refresh_from_db()
    job, client = upload(project, CONTENT), client_of(alice)
    page = client.get(reverse("import-map", args=[project.slug, job.key])).content.decode()
    assert ('name="separator"' in page) is (kind == "multi")
    post_mapping(client, job, separator=";")
    job.refresh_from_db()
    assert job.settings["separator"] == kept


@pytest.mark.parametrize(
    ("content", "boxes"),
    [
        ("id,text,label\n1,one text,Court\n", []),
        ("id,text\n1,one text\n", []),
        ("id,text,label,page\n1,one text,Court,4\n", ["page"]),
    ],
)
def test_what_may_be_kept_beside_the_text_is_asked_only_where_something_is_left(
    content: str, boxes: list[str], project: Project, alice: User, client_of: ClientOf
) -> None:
    job = upload(project, content)
    page = client_of(alice).get(reverse("import-map", args=[project.slug, job.key])).content.decode()
    assert re.findall(r'type="checkbox" name="metadata" value="([^"]*)"', page) == boxes
    assert ("Keep beside the text" in page) is bool(boxes)


def test_a_fragment_is_no_page(project: Project, alice: User, client_of: ClientOf) -> None:
    job = imported(upload(project, CONTENT))
    url = reverse("import-status", args=[project.slug, job.key])
    client = client_of(alice)
    assert "<html" in client.get(url).content.decode()
    assert "<html" not in client.get(url, headers={"HX-Request": "true"}).content.decode()
    restored = client.get(url, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in restored.content.decode()


def test_another_layout_shows_its_columns_before_anything_is_imported(
    project: Project, alice: User, client_of: ClientOf
) -> None:
    job = upload(project, "id;text\n1;one\n2;three\n")
    response = post_mapping(client_of(alice), job, name="import-run", delimiter=",")
    job.refresh_from_db()
    assert job.state == "uploaded"
    assert "id;text" in response.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"external_id": "text"}, "is used twice"),
        ({"text": "nothing"}, "Select a valid choice"),
        ({"delimiter": "other", "other_delimiter": '"'}, "Type the one character"),
    ],
)
def test_a_mapping_that_cannot_be_is_explained(
    project: Project, alice: User, client_of: ClientOf, changes: dict[str, Any], words: str
) -> None:
    job = upload(project, CONTENT)
    before = job.settings
    response = post_mapping(client_of(alice), job, **changes)
    job.refresh_from_db()
    assert words in response.content.decode()  # type: ignore[attr-defined]
    assert job.settings == before


def hidden_and_chosen(page: str) -> dict[str, list[str]]:
    """What a browser would post of the form on this page, apart from ticks and buttons."""
    values: dict[str, list[str]] = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and name[1] != "csrfmiddlewaretoken":
            values.setdefault(name[1], []).append(value[1])
    for name_, body in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        values[name_] = re.findall(r'<option value="([^"]*)" selected', body)
    return values


def test_a_column_of_labels_chosen_by_hand_is_taken(project: Project, alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    job = upload(project, "text,Sorte\none,Rot\ntwo,Blau\n", user=alice)
    url = reverse("import-map", args=[project.slug, job.key])
    values = hidden_and_chosen(client.get(url).content.decode())
    assert "label_use" not in values
    run = reverse("import-run", args=[project.slug, job.key])
    page = client.post(run, values | {"header": "on", "quoted": "on", "labels": "Sorte"}).content.decode()
    job.refresh_from_db()
    assert job.state == "uploaded" and "As it stands they are left out." in page  # asked first, nothing is lost unsaid
    client.post(run, hidden_and_chosen(page) | {"header": "on", "quoted": "on", "label_use": "annotations"})
    run_import(job.pk)
    job.refresh_from_db()
    assert job.labelled == 2


@pytest.mark.parametrize("name", ["clauses.csv", "taken-for-plain.txt"])
def test_a_column_that_looks_like_labels_makes_nobody_answer(
    name: str, project: Project, alice: User, client_of: ClientOf
) -> None:
    client, job = client_of(alice), upload(project, "text,kind\none,Court\ntwo,Change\n", name=name, user=alice)
    if name.endswith(".txt"):
        post_mapping(client, job, labels="", label_use="")  # it becomes a table, and shows its columns
    values = hidden_and_chosen(client.get(reverse("import-map", args=[project.slug, job.key])).content.decode())
    assert (values["labels"], values["label_use"]) == (["kind"], ["ignore"])
    client.post(reverse("import-run", args=[project.slug, job.key]), values | {"header": "on", "quoted": "on"})
    run_import(job.pk)
    job.refresh_from_db()
    assert (job.added, job.labelled) == (2, 0)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("ignore", "Import 2 texts"),
        ("names", "Import 2 texts"),
        ("annotations", "Import 2 texts and 1 answer"),
        ("machine", "Import 2 texts and 1 label of the LLM"),
    ],
)
def test_the_button_says_how_many_texts_and_answers_it_imports(
    use: str, words: str, project: Project, alice: User, client_of: ClientOf
) -> None:
    client, job = client_of(alice), upload(project, "id,text,label\n1,one,Court\n2,two,\n")
    url = reverse("import-map", args=[project.slug, job.key])
    assert '<span id="import-words">Import</span>' in client.get(url).content.decode()
    post_mapping(client, job, label_use=use, metadata=[], action="check")
    assert f'<span id="import-words">{words}</span>' in client.get(url).content.decode()


def test_the_button_tells_of_answers_alone_where_the_texts_are_there(
    project: Project, alice: User, client_of: ClientOf
) -> None:
    add_texts(project, ["one", "two"])
    client, job = client_of(alice), upload(project, CONTENT)
    post_mapping(client, job)
    page = client.get(reverse("import-map", args=[project.slug, job.key])).content.decode()
    assert ">Import 2 answers<" in page


def test_answers_are_counted_without_asking(project: Project, alice: User, client_of: ClientOf) -> None:
    client, job = client_of(alice), upload(project, CONTENT)
    post_mapping(client, job, label_use="ignore")
    job.refresh_from_db()
    assert job.dry_run == {}
    post_mapping(client, job)
    page = client.get(reverse("import-map", args=[project.slug, job.key])).content.decode()
    assert "An import would add 2 texts" in page and ">Import 2 texts and 2 answers<" in page


def test_the_button_follows_a_dry_run_in_the_background(
    project: Project, alice: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeller.corpus.dry_run.INLINE_BYTES", 10)
    client, job = client_of(alice), upload(project, CONTENT)
    post_mapping(client, job, action="check")
    run_dry_run(job.pk)
    status = reverse("import-status", args=[project.slug, job.key])
    page = client.get(status, headers={"HX-Request": "true"}).content.decode()
    assert '<span id="import-words" hx-swap-oob="true">Import 2 texts and 2 answers</span>' in page


@pytest.mark.parametrize(
    ("kind", "use", "asked"),
    [
        ("multi", "ignore", set()),
        ("multi", "names", {"separator"}),
        ("multi", "annotations", {"separator", "create_labels"}),
        ("single", "annotations", {"create_labels"}),
        ("multi", "machine", {"separator"}),
    ],
)
def test_only_what_means_something_is_asked_of_the_labels(
    kind: str, use: str, asked: set[str], project: Project, alice: User, client_of: ClientOf
) -> None:
    Project.objects.filter(pk=project.pk).update(kind=kind)
    project.refresh_from_db()
    client, job = client_of(alice), remap(upload(project, CONTENT), label_use=use)
    page = client.get(reverse("import-map", args=[project.slug, job.key])).content.decode()
    assert set(re.findall(r'<select name="(separator|create_labels)"', page)) == asked


def test_a_column_of_labels_left_out_by_choice_is_named(project: Project, alice: User, client_of: ClientOf) -> None:
    client, job = client_of(alice), upload(project, CONTENT)
    assert "The column label" not in client.get(reverse("import-map", args=[project.slug, job.key])).content.decode()
    post_mapping(client, job, label_use="ignore", action="check")
    page = client.get(reverse("import-map", args=[project.slug, job.key])).content.decode()
    assert "The column label is left out:" in page
    assert 'label <span class="badge">left out</span>' in page


def test_a_column_without_its_tick_is_left_out(project: Project, alice: User, client_of: ClientOf) -> None:
    job = upload(project, CONTENT)
    post_mapping(client_of(alice), job, metadata=["id", "text", "label"])
    job.refresh_from_db()
    assert job.settings["left_out"] == ["page"]


def test_a_file_above_the_limit_is_refused_with_both_numbers(
    project: Project, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.UPLOAD_LIMIT = 1024 * 1024
    file = SimpleUploadedFile("large.csv", b"text\n" + b"x" * 2_000_000)
    response = client_of(alice).post(reverse("import-new", args=[project.slug]), {"file": file})
    assert response.status_code == 422
    assert "at most 1.0 MB can be uploaded" in response.content.decode()
    assert not ImportJob.objects.exists()


def test_a_file_thrown_away_leaves_nothing(project: Project, alice: User, client_of: ClientOf) -> None:
    job = upload(project, CONTENT)
    client_of(alice).post(reverse("import-cancel", args=[project.slug, job.key]))
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert project.documents.count() == 0


def test_the_data_page_is_for_members(project: Project, rita: User, mallory: User, client_of: ClientOf) -> None:
    url = reverse("data", args=[project.slug])
    assert client_of(mallory).get(url).status_code == 404
    assert client_of(rita).post(url).status_code == 405
    page = client_of(rita).get(url).content.decode()
    assert "No texts yet" in page
    assert reverse("import-new", args=[project.slug]) not in page


def test_pages_of_texts_follow_one_another_and_back(project: Project, rita: User, client_of: ClientOf) -> None:
    texts = add_texts(project, [f"text number {n:03}" for n in range(120)])
    client, url = client_of(rita), reverse("data", args=[project.slug])
    first = client.get(url).context["page"]
    second = client.get(url, {"after": first.older}).context["page"]
    third = client.get(url, {"after": second.older}).context["page"]
    assert [text.pk for page in (first, second, third) for text in page.texts] == [text.pk for text in texts]
    assert (first.newer, third.older) == (None, None)
    assert client.get(url, {"before": third.newer}).context["page"].texts == second.texts
    assert client.get(url, {"before": second.newer}).context["page"].newer is None
    assert client.get(url, {"after": "nonsense"}).status_code == 200


def test_cells_of_the_download_are_no_formulas(project: Project, alice: User, client_of: ClientOf) -> None:
    job = imported(upload(project, "text,b\n=cmd()\n"))
    response = client_of(alice).get(reverse("import-refused", args=[project.slug, job.key]))
    assert b"'=cmd()" in b"".join(response.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.parametrize("headers", [{}, {"HTTP_HX_REQUEST": "true"}])
def test_a_mapping_that_comes_after_the_start_leads_to_the_import(client_of, alice, project, monkeypatch, headers):
    """Two tabs: one starts the import while the other still asks for its preview."""
    before = upload(project, "id,text,label,page\n1,One,Court,3\n", user=alice)
    ImportJob.objects.update(state="running")
    monkeypatch.setattr("labeller.corpus.import_views._job", lambda access, key: before)  # as it was a moment ago
    client = client_of(alice)
    client.defaults |= headers
    reply = post_mapping(client, before)
    place = reverse("import-status", args=[project.slug, before.key])
    assert reply.headers.get("HX-Redirect" if headers else "Location") == place

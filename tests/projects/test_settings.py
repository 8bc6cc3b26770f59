"""Changing a project's own facts, and the two that labelling and importing fix."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse

from labeller.annotation.models import Annotation
from labeller.projects import views
from labeller.projects.models import Project, Role
from tests.cast import add_texts, join, make_project
from tests.projects.refusals import ClientOf

ANSWER = {
    "name": "New name",
    "kind": "multi",
    "encoder": "other",
    "guidelines": "Read twice.",
    "language": "pt-br",
    "suggestions": "hidden",
    "overlap": "3",
}


def test_a_manager_changes_everything_before_the_first_text(project, alice, settings, client_of: ClientOf):
    settings.ENCODERS = settings.ENCODERS | {"other": "/srv/models/other"}
    response = client_of(alice).post(reverse("project-settings", args=[project.slug]), ANSWER)
    assert response["Location"] == reverse("project-settings", args=["terms-of-service"])  # the address stays
    project.refresh_from_db()
    assert {name: str(getattr(project, name)) for name in ANSWER} == ANSWER


def test_a_language_that_nobody_knows_is_refused(project, alice, client_of: ClientOf):
    settings_page = reverse("project-settings", args=[project.slug])
    response = client_of(alice).post(settings_page, ANSWER | {"encoder": project.encoder, "language": "klingon"})
    assert response.status_code == 422 and "klingon is not one of the available choices" in response.content.decode()
    page = response.content.decode()
    told = page.split('<section class="notice warning" role="alert"')[1].split("</section>")[0]
    assert "Nothing was saved" in told, "on a phone the field is far below"
    to_field = re.search(r'<a href="#(\w+)">[^<]+</a>: Select a valid choice', told)
    assert to_field and f'id="{to_field.group(1)}"' in page


def test_the_encoder_is_fixed_once_texts_are_there(project, alice, settings, client_of: ClientOf):
    settings.ENCODERS = settings.ENCODERS | {"other": "/srv/models/other"}
    add_texts(project, ["One text."])
    url = reverse("project-settings", args=[project.slug])
    assert "Fixed since texts came in" in client_of(alice).get(url).content.decode()
    client_of(alice).post(url, ANSWER)
    project.refresh_from_db()
    assert (project.encoder, project.kind, project.name) == ("all-MiniLM-L6-v2", "multi", "New name")


def test_the_kind_is_fixed_once_a_label_is_given(project, alice, bob, client_of: ClientOf):
    annotation = Annotation.objects.create(
        key=uuid.uuid4(),
        project=project,
        document=add_texts(project, ["One text."])[0],
        annotator=bob,
        status="labelled",
        source="random",
    )
    annotation.labels.add(project.labels.first())
    url = reverse("project-settings", args=[project.slug])
    assert "Fixed since labels were given" in client_of(alice).get(url).content.decode()
    client_of(alice).post(url, ANSWER)
    project.refresh_from_db()
    assert project.kind == "single"


@pytest.mark.parametrize("status", ["labelled", "skipped"])
def test_the_kind_is_fixed_by_an_answer_without_a_label_too(alice, status, client_of: ClientOf):
    project = make_project(kind="multi")
    join(project, alice, Role.MANAGER)
    Annotation.objects.create(
        key=uuid.uuid4(),
        project=project,
        document=add_texts(project, ["None of these."])[0],
        annotator=alice,
        status=status,
        source="random",
    )
    answer = ANSWER | {"kind": "single", "encoder": "all-MiniLM-L6-v2"}
    client_of(alice).post(reverse("project-settings", args=[project.slug]), answer)
    project.refresh_from_db()
    assert (project.kind, project.name) == ("multi", "New name")


def test_bad_input_is_refused_in_a_sentence_and_changes_nothing(project, alice, client_of: ClientOf):
    url = reverse("project-settings", args=[project.slug])
    response = client_of(alice).post(url, ANSWER | {"encoder": "all-MiniLM-L6-v2", "overlap": "0"})
    assert response.status_code == 422
    assert "greater than or equal to 1" in response.content.decode()
    project.refresh_from_db()
    assert project.name == "Terms of service"


def test_a_saved_form_leaves_alone_what_it_did_not_change(project, alice, settings, client_of: ClientOf, monkeypatch):
    """Somebody takes another language model, and hides suggestions, after the page read the project."""
    settings.ENCODERS = settings.ENCODERS | {"other": "/srv/models/other"}
    add_texts(project, ["One text."])
    save = views.change_settings

    def overtaken(**said):
        Project.objects.filter(pk=project.pk).update(encoder="other", suggestions="hidden", kind="multi")
        return save(**said)

    monkeypatch.setattr(views, "change_settings", overtaken)
    same = {"kind": "single", "encoder": project.encoder, "suggestions": "shown", "overlap": "1"}
    client_of(alice).post(reverse("project-settings", args=[project.slug]), same | {"name": "New name"})
    project.refresh_from_db()
    assert (project.name, project.encoder, project.suggestions) == ("New name", "other", "hidden")
    assert project.kind == "multi"

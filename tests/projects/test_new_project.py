"""Making a project, in the browser and by command."""

from __future__ import annotations

import json
import re
import threading
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from labeller.projects.models import Project, Role
from labeller.projects.services import AlreadyMade, create_project
from tests.cast import make_user
from tests.projects.refusals import ClientOf

ANSWER = {
    "name": "Terms of service",
    "kind": "multi",
    "encoder": "all-MiniLM-L6-v2",
    "guidelines": "# When",
    "labels": "Court : where\nChange",
    "suggestions": "hidden",
    "overlap": "2",
}


def test_staff_make_a_project_and_manage_it(db, client_of: ClientOf):
    sam = make_user("sam", is_staff=True)
    response = client_of(sam).post(reverse("project-new"), ANSWER)
    project = Project.objects.get()
    assert response["Location"] == reverse("project", args=["terms-of-service"])
    assert (project.kind, project.suggestions, project.overlap) == ("multi", "hidden", 2)
    assert [label.name for label in project.labels.all()] == ["Court", "Change"]
    assert project.memberships.get().role == Role.MANAGER


def test_nothing_was_changed_in_a_new_project_yet(db, client_of: ClientOf):
    browser = client_of(make_user("sam", is_staff=True))
    page = browser.post(reverse("project-new"), ANSWER, follow=True).content.decode()
    assert "Court" in page and "earlier ones" not in page


def test_a_label_written_twice_is_named_with_its_line_and_nothing_typed_is_lost(db, client_of: ClientOf):
    twice = "Termination : how and when\nCourt\n\nTermination : again"
    response = client_of(make_user("sam", is_staff=True)).post(reverse("project-new"), ANSWER | {"labels": twice})
    page = response.content.decode()
    assert response.status_code == 422 and not Project.objects.exists()
    assert "Line 4: “Termination” is there already, in line 1." in page and "Termination : again" in page


def test_a_manager_makes_a_second_project_with_an_address_of_its_own(project, alice, client_of: ClientOf):
    response = client_of(alice).post(reverse("project-new"), ANSWER)
    assert response["Location"] == reverse("project", args=["terms-of-service-2"])


def test_a_form_posted_twice_makes_one_project(project, alice, client_of: ClientOf):
    browser = client_of(alice)
    page = browser.get(reverse("project-new")).content.decode()
    [key] = re.findall(r'<input type="hidden" name="form_key" value="([^"]+)"', page)
    assert key not in browser.get(reverse("project-new")).content.decode()
    answers = [browser.post(reverse("project-new"), ANSWER | {"form_key": key}, follow=True) for _ in range(2)]
    there = reverse("project", args=["terms-of-service-2"])
    assert [answer.redirect_chain for answer in answers] == [[(there, 302)], [(there, 302)]]
    assert ["has been made already" in answer.content.decode() for answer in answers] == [False, True]
    made = Project.objects.exclude(pk=project.pk).get()
    assert made.labels.count() == 2 and made.memberships.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_clicks_at_the_same_moment_one_makes_the_project(alice):
    key, told, start = uuid4(), [], threading.Barrier(2)

    def click() -> None:
        start.wait()
        try:
            create_project(name="Terms", kind="single", encoder="x", manager=alice, form_key=key)
            told.append("made")
        except AlreadyMade as before:
            told.append(before.project.slug)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert sorted(told) == ["made", "terms"] and Project.objects.count() == 1


def test_others_may_not_and_are_told_whom_to_ask(project, bob, mallory, client_of: ClientOf):
    for user in (bob, mallory):
        for response in (
            client_of(user).get(reverse("project-new")),
            client_of(user).post(reverse("project-new"), ANSWER),
        ):
            assert response.status_code == 403
            assert "made by staff and by managers" in response.content.decode()
    assert Project.objects.count() == 1
    assert Client().get(reverse("project-new")).status_code == 302


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "This field is required."),
        ({"kind": "seven"}, "seven is not one of the available choices"),
        ({"encoder": "evil/model"}, "evil/model is not one of the available choices"),
        ({"overlap": "11"}, "less than or equal to 10"),
        ({"labels": "a\n : b"}, "Line 2 has a description but no name"),
    ],
)
def test_bad_input_is_refused_in_a_sentence_and_makes_nothing(change, sentence, project, alice, client_of: ClientOf):
    response = client_of(alice).post(reverse("project-new"), ANSWER | change)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Project.objects.count() == 1


def test_a_name_without_letters_still_gets_an_address(alice):
    made = [create_project(name="条款", kind="single", encoder="x", manager=alice).slug for _ in range(2)]
    assert made == ["project", "project-2"]


def test_the_list_shows_ones_own_projects_only(project, bob, mallory, client_of: ClientOf):
    assert project.name in client_of(bob).get(reverse("projects")).content.decode()
    page = client_of(mallory).get(reverse("projects")).content.decode()
    assert project.name not in page
    assert (
        "Ask a project&#x27;s manager for an invitation" in page or "Ask a project's manager for an invitation" in page
    )


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("create_project", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_makes_a_project_from_files(alice, tmp_path):
    (tmp_path / "labels.txt").write_text("Court : where\nChange\n", encoding="utf-8")
    (tmp_path / "guide.md").write_text("# When", encoding="utf-8")
    told = json.loads(
        command(
            *("Terms", "--kind", "multi", "--language", "de", "--manager", "alice", "--json"),
            *("--labels-file", str(tmp_path / "labels.txt"), "--guidelines", str(tmp_path / "guide.md")),
        )
    )
    assert told == {"slug": "terms", "name": "Terms", "kind": "multi", "labels": ["Court", "Change"]}
    project = Project.objects.get(slug="terms")
    assert (project.guidelines, project.language) == ("# When", "de")
    assert project.memberships.get(user=alice).role == Role.MANAGER


def test_the_command_takes_labels_with_commas(alice):
    assert "with 2 labels, at /p/terms/" in command("Terms", "--labels", "Court, Change", "--manager", "alice")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Terms", "--manager", "nobody"], "There is no user “nobody”."),
        (["Terms", "--manager", "alice", "--kind", "three"], "Known: single, multi."),
        (["Terms", "--manager", "alice", "--language", "klingon"], "language: Select a valid choice."),
        (["Terms", "--manager", "alice", "--encoder", "evil/model"], "Known: all-MiniLM-L6-v2."),
        (["Terms", "--manager", "alice", "--guidelines", "/nowhere.md"], "/nowhere.md cannot be read"),
        (["Terms", "--manager", "alice", "--labels", "a, : b"], "Line 2 has a description but no name"),
        ([" ", "--manager", "alice"], "name: This field is required."),
    ],
)
def test_the_command_refuses_bad_input_with_a_sentence_and_exit_code_2(arguments, sentence, alice):
    with pytest.raises(CommandError, match=sentence.replace("?", r"\?")) as refused:
        command(*arguments)
    assert refused.value.returncode == 2
    assert not Project.objects.exists()

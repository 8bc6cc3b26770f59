"""Adding, changing, moving and deleting labels."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse

from labeller.annotation.models import Annotation
from labeller.projects.hotkeys import KEYS, RESERVED
from labeller.projects.labels import Draft, LabelError, add_drafts, add_labels, edit_label, parse_lines
from labeller.projects.models import Label
from tests.cast import add_texts, make_project
from tests.projects.refusals import ClientOf


@pytest.mark.parametrize(
    ("text", "drafts"),
    [
        ("Court", [Draft("Court")]),
        ("Court : where disputes are heard", [Draft("Court", "where disputes are heard")]),
        ("  a  \n\n b : c : d ", [Draft("a"), Draft("b", "c : d")]),
        ("DESC:manner", [Draft("DESC:manner")]),
        ("Court :", [Draft("Court")]),
        ("", []),
    ],
)
def test_a_line_is_a_name_and_perhaps_a_description(text, drafts):
    assert parse_lines(text) == drafts


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\n : lost", "Line 2 has a description but no name"),
        ("x" * 101, "Line 1: the name has 101 characters; at most"),
        ("Court : one\n\nChange\n court : another", "Line 4: “court” is there already, in line 1"),
    ],
)
def test_a_line_that_cannot_be_a_label_is_named(text, sentence):
    with pytest.raises(LabelError, match=sentence):
        parse_lines(text)


def test_seventy_seven_labels_are_one_paste(project, alice, client_of: ClientOf):
    empty = make_project(name="Bank", labels=())
    empty.memberships.create(user=alice, role="manager")
    lines = "\n".join(f"kind {number} : about {number}" for number in range(77))
    response = client_of(alice).post(reverse("label-add", args=[empty.slug]), {"lines": lines}, follow=True)
    assert "77 labels added." in response.content.decode()
    labels = list(empty.labels.all())
    assert [label.name for label in labels] == [f"kind {number}" for number in range(77)]
    assert [label.hotkey for label in labels] == [*KEYS, *[""] * (77 - len(KEYS))]
    assert labels[3].description == "about 3"


def test_keys_run_from_digits_to_letters_and_leave_the_page_its_own():
    assert KEYS[:10] == (*"123456789", "a")
    assert not set(KEYS) & set("zsuchjkw")
    assert set(RESERVED) == set("zsuchjkw")
    assert "x" in KEYS  # nothing on the page needs it


def test_names_already_there_are_passed_over_and_told(project, alice, client_of: ClientOf):
    url = reverse("label-add", args=[project.slug])
    response = client_of(alice).post(url, {"lines": "COURT\nNew"}, follow=True)
    assert "1 label added. Already there: COURT." in response.content.decode()
    assert project.labels.count() == 4


def test_an_empty_list_is_refused_in_a_sentence(project, alice, client_of: ClientOf):
    response = client_of(alice).post(reverse("label-add", args=[project.slug]), {"lines": " \n "})
    assert response.status_code == 422
    assert "Write at least one label." in response.content.decode()


def test_more_labels_than_a_project_holds_are_refused_with_both_numbers(project):
    with pytest.raises(LabelError, match="1,003 labels; a project holds at most 1,000"):
        add_drafts(project=project, drafts=[Draft(f"l{number}") for number in range(1000)])
    assert project.labels.count() == 3


def test_add_labels_returns_those_that_were_there_too(project):
    assert [label.name for label in add_labels(project=project, names=["new", "court"])] == ["Court", "new"]


@pytest.mark.parametrize("odd", ["a\x00", "\x00", "a\ud800"])
def test_what_cannot_be_stored_is_no_label_and_describes_none(odd, project):
    before = list(project.labels.values_list("name", "description"))
    for draft in (Draft(odd), Draft("new", odd)):
        with pytest.raises(LabelError, match=r"cannot be stored: a NUL, or half of a surrogate pair\. Take it out"):
            add_drafts(project=project, drafts=[draft])
    label = project.labels.first()
    for name, description in ((odd, ""), (label.name, odd)):
        with pytest.raises(LabelError, match="cannot be stored"):
            edit_label(label=label, name=name, description=description, colour=label.colour, hotkey=label.hotkey)
    assert list(project.labels.values_list("name", "description")) == before


@pytest.mark.parametrize("page", ["label-add", "label-edit"])
def test_forms_refuse_it_in_a_sentence(page, project, alice, client_of: ClientOf):
    label = project.labels.first()
    url = reverse(page, args=[project.slug] if page == "label-add" else [project.slug, label.pk])
    answer = {"lines": "a\x00", "name": "a\x00", "description": "", "hotkey": "", "colour": "#010203"}
    response = client_of(alice).post(url, answer)
    assert response.status_code == 422 and "Null characters are not allowed." in response.content.decode()


def test_a_manager_changes_everything_about_a_label(project, alice, client_of: ClientOf):
    label = project.labels.first()
    answer = {"name": "Unilateral  change", "description": "alone", "hotkey": "x", "colour": "#010203"}
    response = client_of(alice).post(reverse("label-edit", args=[project.slug, label.pk]), answer)
    assert response.status_code == 302
    label.refresh_from_db()
    assert (label.name, label.description, label.hotkey, label.colour) == ("Unilateral change", "alone", "x", "#010203")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "court"}, "There is a label “Court” already."),
        ({"hotkey": "2"}, "The key “2” belongs to “Court”."),
        ({"hotkey": "z"}, "“z” cannot be a label"),
        ({"colour": "red"}, "A colour is written like #2f7ab8."),
        ({"name": "  "}, "This field is required."),
    ],
)
def test_a_bad_change_says_why_and_changes_nothing(change, sentence, project, alice, client_of: ClientOf):
    label = project.labels.first()
    answer = {"name": "Change", "description": "", "hotkey": "1", "colour": "#2f6fb0"} | change
    response = client_of(alice).post(reverse("label-edit", args=[project.slug, label.pk]), answer)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Label.objects.get(pk=label.pk).name == "Change"
    assert Label.objects.get(pk=label.pk).hotkey == "1"


@pytest.mark.parametrize(
    ("at", "direction", "order"),
    [(0, "down", "Court Change Other"), (2, "up", "Change Other Court"), (0, "up", "Change Court Other")],
)
def test_a_label_moves_one_place_and_stops_at_the_ends(at, direction, order, project, alice, client_of: ClientOf):
    label = project.labels.all()[at]
    client_of(alice).post(reverse("label-move", args=[project.slug, label.pk]), {"direction": direction})
    assert [other.name for other in project.labels.all()] == order.split()


def test_an_unused_label_can_be_deleted(project, alice, client_of: ClientOf):
    label = project.labels.first()
    client_of(alice).post(reverse("label-delete", args=[project.slug, label.pk]))
    assert [other.name for other in project.labels.all()] == ["Court", "Other"]


@pytest.mark.parametrize("page", ["label-edit", "label-move", "label-delete"])
def test_a_label_that_went_between_two_clicks_is_told_in_a_sentence(
    page, project, alice, client_of: ClientOf, monkeypatch
):
    def overtaken(*args: object, **kwargs: object) -> Label:
        label = get_object_or_404(*args, **kwargs)
        Label.objects.filter(pk=label.pk).delete()
        return label

    monkeypatch.setattr("labeller.projects.label_views.get_object_or_404", overtaken)
    answer = {"name": "Change", "description": "x", "hotkey": "1", "colour": "#010203", "direction": "down"}
    url = reverse(page, args=[project.slug, project.labels.first().pk])
    response = client_of(alice).post(url, answer, follow=True)
    assert response.status_code == 200
    assert "“Change” is not a label of this project any more." in response.content.decode()
    assert [label.name for label in project.labels.all()] == ["Court", "Other"]


def test_a_used_label_stays_and_the_page_says_why(project, alice, bob, client_of: ClientOf):
    label, document = project.labels.first(), add_texts(project, ["We may change these terms."])[0]
    annotation = Annotation.objects.create(
        key=uuid.uuid4(), project=project, document=document, annotator=bob, status="labelled", source="random"
    )
    annotation.labels.add(label)
    response = client_of(alice).post(reverse("label-delete", args=[project.slug, label.pk]), follow=True)
    assert "“Change” stays: 1 answer names it" in response.content.decode()
    assert list(annotation.labels.all()) == [label]


def test_the_database_refuses_a_second_label_of_one_name_whatever_its_capitals(project):
    with pytest.raises(IntegrityError), transaction.atomic():
        project.labels.create(name="COURT", colour="#000000", position=9)
    make_project(name="Another").labels.get(name="Court")  # which may have its own


def test_the_database_refuses_two_labels_on_one_key_but_many_without(project):
    with pytest.raises(IntegrityError), transaction.atomic():
        project.labels.create(name="New", colour="#000000", position=9, hotkey="1")
    for name in ("No key", "None either"):
        project.labels.create(name=name, colour="#000000", position=9)

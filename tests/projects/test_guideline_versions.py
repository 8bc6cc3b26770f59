"""Every saved change of what annotators are told is a numbered version that can be read, compared and restored."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from labeller.projects.changes import changes, line_changes, word_changes
from labeller.projects.guideline_versions import RestoreRefused, record_version, restore_version
from labeller.projects.history import GuidelinesVersion
from labeller.projects.labels import Draft, add_drafts, delete_label, edit_label, move_label
from labeller.projects.models import Project, User
from labeller.projects.services import change_settings, create_project
from tests.cast import make_project
from tests.projects.refusals import ClientOf

LINES = st.lists(st.sampled_from(["", "a", "a b", " b a", "<i>é", "a  b c d", "\U0001f600 b"]), max_size=12).map(
    "\n".join
)


def versions(project: Project) -> list[GuidelinesVersion]:
    return list(GuidelinesVersion.objects.filter(project=project).order_by("number"))


def settings_of(project: Project, **changed: object) -> dict[str, object]:
    names = ("name", "kind", "encoder", "guidelines", "suggestions", "overlap")
    return {name: getattr(project, name) for name in names} | changed


@pytest.fixture
def told(project: Project) -> Project:
    """The project with its guidelines as version 1."""
    project.guidelines = "Court: where disputes are heard.\n\nChange: terms that may change."
    project.save()
    record_version(project=project)
    return project


@pytest.mark.django_db
class TestAVersionIsMade:
    def test_when_a_project_is_made_with_guidelines_and_labels(self, alice: User) -> None:
        told = {"guidelines": "Read well.", "labels": [Draft("A"), Draft("B")]}
        project = create_project(name="New", kind="single", encoder="x", manager=alice, **told)
        assert [(one.number, len(one.labels), one.made_by) for one in versions(project)] == [(1, 2, alice)]
        assert Project.objects.get(pk=project.pk).guidelines_number == project.guidelines_number == 1
        add_drafts(project=project, drafts=[Draft("C")])
        assert [(one.number, len(one.labels)) for one in versions(project)] == [(1, 2), (2, 3)]

    def test_when_the_text_changes_and_not_when_only_the_name_of_the_project_does(self, told: Project) -> None:
        change_settings(project=told, **settings_of(told, name="Other"))
        assert len(versions(told)) == 1
        change_settings(project=told, **settings_of(told, guidelines="Shorter."))
        assert [one.guidelines for one in versions(told)][1:] == ["Shorter."]

    def test_when_a_label_is_renamed_described_added_or_deleted_and_not_when_it_moves_or_changes_colour(
        self, told: Project, alice: User
    ) -> None:
        court = told.labels.get(name="Court")
        kept = {"colour": "#2a7f62", "hotkey": court.hotkey}
        edit_label(label=court, name="Court", description="", **kept)
        move_label(label=court, up=True)
        assert len(versions(told)) == 1
        edit_label(label=court, name="Venue", description="", **kept, by=alice)
        edit_label(label=court, name="Venue", description="Where disputes are heard", **kept)
        delete_label(label=court)
        add_drafts(project=told, drafts=[Draft("New")])
        assert [one.number for one in versions(told)] == [1, 2, 3, 4, 5]
        assert versions(told)[1].made_by == alice
        assert versions(told)[3].note == "Deleted “Venue”"

    def test_of_what_was_told_before_versions_were_kept(self, project: Project) -> None:
        migration = import_module("labeller.projects.migrations.0006_first_guidelines_versions")
        migration.record_first_versions(apps, None)
        migration.record_first_versions(apps, None)
        [first] = versions(project)
        assert (first.number, [label["name"] for label in first.labels]) == (1, ["Change", "Court", "Other"])
        assert Project.objects.get(pk=project.pk).guidelines_number == 1

    def test_with_numbers_that_the_database_keeps_apart(self, told: Project) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            GuidelinesVersion.objects.create(project=told, number=1, labels=[])
        with pytest.raises(IntegrityError), transaction.atomic():
            GuidelinesVersion.objects.create(project=told, number=0, labels=[])


@pytest.mark.django_db
class TestAnEarlierVersionIsRestored:
    def test_with_its_text_and_the_names_of_its_labels_as_a_new_version(self, told: Project, alice: User) -> None:
        court, change = told.labels.get(name="Court"), told.labels.get(name="Change")
        kept = {"description": "", "colour": "#2a7f62"}
        edit_label(label=court, name="Old", **kept, hotkey="")
        edit_label(label=change, name="Court", **kept, hotkey="")  # the names have gone round
        edit_label(label=court, name="Change", **kept, hotkey="")
        change_settings(project=told, **settings_of(told, guidelines="Worse."))
        made = restore_version(version=versions(told)[0], by=alice)
        assert made is not None and (made.number, made.note) == (6, "Restored from version 1")
        court.refresh_from_db()
        assert (court.name, Project.objects.get(pk=told.pk).guidelines) == ("Court", versions(told)[0].guidelines)
        assert made.labels == versions(told)[0].labels

    def test_labels_added_since_stay_and_deleted_ones_do_not_come_back(self, told: Project) -> None:
        delete_label(label=told.labels.get(name="Other"))
        add_drafts(project=told, drafts=[Draft("New")])
        restore_version(version=versions(told)[0])
        assert [label.name for label in told.labels.all()] == ["Change", "Court", "New"]

    def test_not_where_a_name_belongs_to_another_label_by_now(self, told: Project) -> None:
        court = told.labels.get(name="Court")
        edit_label(label=court, name="Venue", description="", colour="#2a7f62", hotkey="")
        add_drafts(project=told, drafts=[Draft("court")])
        with pytest.raises(RestoreRefused, match="A name of version 1 belongs to another label"):
            restore_version(version=versions(told)[0])
        assert {label.name for label in told.labels.all()} == {"Change", "Venue", "Other", "court"}


class TestWhatChangedIsSaid:
    def test_line_by_line_and_within_a_line_word_by_word(self) -> None:
        before = "One.\nA clause on courts is Court.\nThree.\nFour.\nFive.\nSix.\nSeven."
        after = "One.\nA clause on courts or judges is Court.\nThree.\nFour.\nFive.\nSix.\nSeven.\nEight."
        said = [
            (line.kind, [(piece.kind, piece.text) for piece in line.pieces]) for line in line_changes(before, after)
        ]
        assert said[1] == (
            "both",
            [("same", "A clause on courts "), ("in", "or judges "), ("same", "is Court.")],
        )
        assert ("gap", []) in said
        assert said[-1] == ("in", [("in", "Eight.")])

    @pytest.mark.parametrize(
        ("labels", "sentence"),
        [
            ([{"id": 1, "name": "Venue", "description": ""}], "“Court” renamed to “Venue”."),
            ([{"id": 1, "name": "Court", "description": "x"}], "Description of “Court” changed."),
            ([], "“Court” gone."),
            (
                [{"id": 1, "name": "Court", "description": ""}, {"id": 2, "name": "New", "description": "d"}],
                "“New” added.",
            ),
        ],
    )
    def test_of_labels_by_what_they_are_not_by_what_they_are_called(self, labels, sentence) -> None:
        assert changes(("", [{"id": 1, "name": "Court", "description": ""}]), ("", labels)).sentence == sentence

    @given(LINES, LINES)
    def test_both_texts_can_be_read_from_the_words_marked(self, before: str, after: str) -> None:
        pieces = word_changes(before, after)
        assert "".join(piece.text for piece in pieces if piece.kind != "in") == before
        assert "".join(piece.text for piece in pieces if piece.kind != "out") == after

    @given(LINES, LINES)
    def test_no_changed_line_is_left_out(self, before: str, after: str) -> None:
        lines = line_changes(before, after)
        assert bool(lines) == (before.splitlines() != after.splitlines())
        out = [line for line in before.splitlines() if line not in after.splitlines()]
        shown = [
            "".join(p.text for p in line.pieces if p.kind != "in") for line in lines if line.kind in ("out", "both")
        ]
        assert set(out) <= set(shown)


@pytest.mark.django_db
class TestThePages:
    @pytest.fixture
    def changed(self, told: Project, alice: User) -> Project:
        change_settings(
            project=told, **settings_of(told, guidelines="Court: <b>where</b> disputes are heard."), by=alice
        )
        return told

    def test_every_member_reads_the_versions_and_what_changed(
        self, changed: Project, rita: User, bob: User, client_of: ClientOf
    ) -> None:
        for person in (rita, bob):
            page = client_of(person).get(reverse("guidelines", args=[changed.slug])).content.decode()
            assert "Version 2" in page and "Guidelines changed." in page and "alice" in page
            page = client_of(person).get(reverse("guidelines-version", args=[changed.slug, 2])).content.decode()
            assert "<ins>&lt;" in page and "<del>" in page and "<b>where" not in page
            assert "Restore this version" not in page

    def test_strangers_see_none_and_only_managers_restore(
        self, changed: Project, mallory: User, bob: User, alice: User, client_of: ClientOf
    ) -> None:
        one = reverse("guidelines-version", args=[changed.slug, 1])
        restore = reverse("guidelines-restore", args=[changed.slug, 1])
        assert client_of(mallory).get(one).status_code == client_of(mallory).post(restore).status_code == 404
        assert client_of(bob).post(restore).status_code == 403
        assert "Restore version 1" in client_of(alice).get(restore).content.decode()
        page = client_of(alice).post(restore, follow=True).content.decode()
        assert "Version 1 is restored, as version 3." in page

    @pytest.mark.parametrize("number", [3, 99999999999999999999])
    def test_a_version_that_is_not_there_is_not_found(self, changed: Project, alice: User, client_of, number) -> None:
        assert client_of(alice).get(f"/p/{changed.slug}/guidelines/{number}/").status_code == 404

    def test_changes_since_an_older_version_are_shown_together(self, changed: Project, bob: User, client_of) -> None:
        change_settings(project=changed, **settings_of(changed, guidelines="Third."))
        page = client_of(bob).get(reverse("guidelines-version", args=[changed.slug, 3]), {"since": "1"})
        assert "What changed since version 1" in page.content.decode()

    def test_the_list_costs_few_queries_however_long(
        self, changed: Project, bob: User, client_of, django_assert_max_num_queries
    ) -> None:
        for at in range(45):
            change_settings(project=changed, **settings_of(changed, guidelines=f"Version {at}"))
        client = client_of(bob)
        with django_assert_max_num_queries(12):
            page = client.get(reverse("guidelines", args=[changed.slug])).content.decode()
        assert page.count("<li value=") == 20 and "?before=28" in page
        last = client.get(reverse("guidelines", args=[changed.slug]), {"before": "8"}).content.decode()
        assert last.count("<li value=") == 7 and 'href="?before=' not in last

    def test_before_the_first_version_it_says_so(self, alice: User, client_of) -> None:
        empty = make_project(name="Empty", labels=())
        empty.memberships.create(user=alice, role="manager")
        assert "None yet." in client_of(alice).get(reverse("guidelines", args=[empty.slug])).content.decode()

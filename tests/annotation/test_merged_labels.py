"""Labels that become one: no answer is touched, every reader sees the one label, and it can be undone."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from labeller.annotation import services
from labeller.annotation.export import rows
from labeller.annotation.gold import make_gold
from labeller.annotation.gold_selectors import accuracies
from labeller.annotation.models import Annotation
from labeller.annotation.review_selectors import QUEUES
from labeller.annotation.selectors import current_labels, label_sets, labels_by, last_answers
from labeller.projects.history import GuidelinesVersion, LabelMerge
from labeller.projects.labels import LabelError, add_labels, delete_label
from labeller.projects.merging import merge_labels, undo_merge
from labeller.projects.models import Label
from labeller.projects.signals import labels_changed
from tests.annotation.acts import counts, give, one
from tests.cast import add_texts, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def labels(project) -> dict[str, Label]:
    add_labels(project=project, names=["Courts"])
    return {label.name: label for label in project.labels.all()}


@pytest.fixture
def answered(project, bob, labels) -> dict[str, Annotation]:
    """Four texts, one for each label: Change, Court, Other, Courts."""
    add_texts(project, ["a", "b", "c", "d"])
    return {name: give(project, bob, one(project, bob), label) for name, label in labels.items()}


def waiting(project, queue) -> list[int]:
    return [document.pk for document in QUEUES[queue].texts(project)]


def merge(project, labels, *names, into="Court", by=None) -> LabelMerge:
    return merge_labels(project=project, labels=[labels[name] for name in names], into=into, by=by)


class TestAfterAMerge:
    def test_no_answer_is_touched(self, project, labels, answered):
        before = list(Annotation.objects.order_by("id").values())
        given = list(Annotation.labels.through.objects.order_by("id").values())
        merge(project, labels, "Court", "Courts")
        assert list(Annotation.objects.order_by("id").values()) == before
        assert list(Annotation.labels.through.objects.order_by("id").values()) == given

    def test_every_reader_sees_the_one_label(self, project, bob, labels, answered):
        merge(project, labels, "Court", "Courts")
        document = answered["Courts"].document_id
        assert {row.document_id: row.label_ids for row in current_labels(project)}[document] == (labels["Court"].pk,)
        assert counts(project) == {"Change": 1, "Court": 2, "Other": 1}
        assert last_answers(project, bob, 1)[0].label_ids == (labels["Court"].pk,)
        assert [row["labels"] for row in rows(project)] == [["Change"], ["Court"], ["Other"], ["Court"]]
        assert [label.name for label in project.labels.all()] == ["Change", "Court", "Other"]

    def test_one_s_own_history_says_the_one_label_and_keeps_it(self, project, bob, labels, answered, client_of):
        merge(project, labels, "Court", "Courts")
        client, key = client_of(bob), answered["Courts"].key
        listed = client.get(reverse("answers", args=[project.slug]), {"show": labels["Court"].pk}).content.decode()
        assert listed.count("Court</span>") == 2 and "none of these" not in listed
        page = client.get(reverse("answer-change", args=[project.slug, key])).content.decode()
        assert "none of these" not in page and "Court" in page

    def test_two_people_who_gave_either_of_them_agree(self, project, alice, bob, labels):
        project.overlap = 2
        project.save()
        add_texts(project, ["a"])
        give(project, alice, one(project, alice), labels["Court"])
        give(project, bob, one(project, bob), labels["Courts"])
        assert waiting(project, "disagreements")
        merge(project, labels, "Court", "Courts")
        assert waiting(project, "disagreements") == []

    def test_a_gold_text_is_known_by_the_one_label(self, project, alice, bob, labels, answered):
        gold = make_gold(
            project=project, by=alice, document=answered["Courts"].document, label_ids=[labels["Courts"].pk]
        )
        Annotation.objects.filter(pk=answered["Courts"].pk).update(source="gold", probability=None)
        merge(project, labels, "Court", "Courts")
        assert [(one.right, one.answered) for one in accuracies(project)] == [(1, 1)] and gold.pk

    def test_what_was_given_can_still_be_read_as_it_was(self, project, labels, answered):
        merge(project, labels, "Court", "Courts")
        courts = answered["Courts"].pk
        assert label_sets([courts], {}) == {courts: (labels["Courts"].pk,)}
        every = [label.pk for label in labels.values()]
        then = list(labels_by(project, [row.pk for row in answered.values()], every))
        assert {row.label_ids for row in then} == {(pk,) for pk in every}

    def test_a_model_of_between_two_merges_reads_the_labels_of_its_time(self, project, labels, answered):
        merge(project, labels, "Court", "Courts")
        between = [label.pk for label in project.labels.all()]
        merge(project, labels, "Court", "Other", into="Other")
        ids = [row.pk for row in answered.values()]
        then = {row.document_id: row.label_ids for row in labels_by(project, ids, between)}
        assert then[answered["Courts"].document_id] == (labels["Court"].pk,)
        assert {row.label_ids for row in current_labels(project)} == {(labels["Change"].pk,), (labels["Other"].pk,)}

    def test_several_labels_of_one_text_become_one(self, project, bob, labels):
        project.kind = "multi"
        project.save()
        add_texts(project, ["a"])
        give(project, bob, one(project, bob), labels["Court"], labels["Courts"], labels["Other"])
        merge(project, labels, "Court", "Courts")
        assert [row.label_ids for row in current_labels(project)] == [(labels["Court"].pk, labels["Other"].pk)]
        assert counts(project)["Court"] == 1

    def test_two_people_who_gave_the_two_agree(self, project, alice, bob, labels):
        project.overlap = 2
        project.save()
        add_texts(project, ["a"])
        give(project, alice, one(project, alice), labels["Court"])
        give(project, bob, one(project, bob), labels["Courts"])
        merge(project, labels, "Court", "Courts")
        [row] = current_labels(project)
        assert (row.label_ids, len(row.annotation_ids)) == ((labels["Court"].pk,), 2)

    def test_an_answer_from_a_page_that_still_shows_the_old_label_is_taken(self, project, bob, labels):
        add_texts(project, ["a"])
        served = one(project, bob)
        merge(project, labels, "Court", "Courts")
        given = give(project, bob, served, labels["Courts"])
        assert label_sets([given.pk]) == {given.pk: (labels["Court"].pk,)}

    def test_undo_of_an_answer_works_as_before(self, project, bob, labels, answered):
        merge(project, labels, "Court", "Courts")
        services.undo(project=project, annotator=bob)
        assert counts(project)["Court"] == 1

    def test_the_loop_hears_of_it_once_committed(self, project, labels, django_capture_on_commit_callbacks):
        heard: list[int] = []

        def listen(project_id: int, **_: object) -> None:
            heard.append(project_id)

        labels_changed.connect(listen)
        with django_capture_on_commit_callbacks(execute=True):
            merge(project, labels, "Court", "Courts")
            assert heard == []
        labels_changed.disconnect(listen)
        assert heard == [project.pk]

    def test_the_guidelines_tell_it(self, project, alice, labels):
        merge(project, labels, "Court", "Courts", by=alice)
        newest = GuidelinesVersion.objects.filter(project=project).first()
        assert (newest.note, newest.made_by) == ("Merged “Courts” into “Court”", alice)

    def test_the_old_name_is_free_for_a_new_label(self, project, labels):
        merge(project, labels, "Court", "Courts")
        assert add_labels(project=project, names=["Courts"])[0].pk != labels["Courts"].pk

    def test_the_target_counts_as_named_by_what_named_the_merged_label(self, project, labels, answered):
        merge(project, labels, "Court", "Courts", into="Venue")
        with pytest.raises(LabelError, match="2 answers name it"):
            delete_label(label=project.labels.get(name="Venue"))


class TestAMergeIsUndone:
    def test_and_everything_reads_as_before(self, project, labels, answered):
        before, keys = counts(project), {label.pk: label.hotkey for label in labels.values()}
        undo_merge(merge=merge(project, labels, "Court", "Courts"))
        assert counts(project) == before
        assert {label.pk: label.hotkey for label in project.labels.all()} == keys

    def test_a_label_made_for_it_goes_unless_an_answer_names_it(self, project, bob, labels):
        first = merge(project, labels, "Court", "Courts", into="Venue")
        undo_merge(merge=first)
        assert not project.labels.filter(name="Venue").exists()
        again = merge(project, labels, "Court", "Courts", into="Venue")
        add_texts(project, ["e"])
        give(project, bob, one(project, bob), project.labels.get(name="Venue"))
        undo_merge(merge=again)
        assert counts(project) == {"Change": 0, "Court": 0, "Other": 0, "Courts": 0, "Venue": 1}

    def test_only_from_the_last_backwards(self, project, labels, answered):
        first = merge(project, labels, "Court", "Courts")
        second = merge(project, labels, "Court", "Other", into="Other")
        with pytest.raises(LabelError, match="was itself merged or split since"):
            undo_merge(merge=first)
        undo_merge(merge=second)
        assert counts(project) == {"Change": 1, "Court": 2, "Other": 1}
        undo_merge(merge=first)
        assert counts(project)["Courts"] == 1
        with pytest.raises(LabelError, match="undone already"):
            undo_merge(merge=first)

    def test_not_while_another_label_has_the_name(self, project, labels):
        done = merge(project, labels, "Court", "Courts")
        add_labels(project=project, names=["Courts"])
        with pytest.raises(LabelError, match="A name that the merge freed"):
            undo_merge(merge=done)


class TestAMergeIsRefused:
    @pytest.mark.parametrize(
        ("names", "into", "sentence"),
        [
            (["Court"], "Court", "at least two labels"),
            (["Court", "Courts"], "other", "“Other” is a label already"),
            (["Court", "Courts", "Change", "Other"], "All", "one label is no choice"),
        ],
    )
    def test_with_a_sentence(self, project, labels, names, into, sentence):
        with pytest.raises(LabelError, match=sentence):
            merge(project, labels, *names, into=into)

    def test_by_the_database_where_a_merged_label_is_not_retired(self, project, labels):
        with pytest.raises(IntegrityError), transaction.atomic():
            Label.objects.filter(pk=labels["Courts"].pk).update(merged_into=labels["Court"], read_as=labels["Court"])


class TestThePages:
    def test_the_counts_are_told_before_and_an_undo_is_offered_after(self, project, alice, labels, answered, client_of):
        client = client_of(alice)
        address = reverse("label-merge", args=[project.slug])
        fields = {"labels": [labels["Court"].pk, labels["Courts"].pk], "into": "court"}
        page = client.post(address, fields).content.decode()
        assert "1 answer will be read as “court”" in page and counts(project)["Courts"] == 1
        page = client.post(address, fields | {"sure": "on"}, follow=True).content.decode()
        assert "Merged into “court”." in page and "Undo" in page
        undo = reverse("label-merge-undo", args=[project.slug, LabelMerge.objects.get().pk])
        assert "Courts” come back" in client.get(undo).content.decode()
        assert "The merge is undone." in client.post(undo, follow=True).content.decode()
        assert counts(project)["Courts"] == 1

    def test_what_cannot_be_is_said_on_the_form(self, project, alice, labels, client_of):
        address = reverse("label-merge", args=[project.slug])
        answer = client_of(alice).post(address, {"labels": [labels["Court"].pk], "into": "Court"})
        assert (answer.status_code, "at least two labels" in answer.content.decode()) == (422, True)

    def test_only_managers_change_labels_and_strangers_see_nothing(self, project, bob, mallory, labels, client_of):
        pages = [reverse(name, args=[project.slug]) for name in ("label-merge", "label-changes")]
        pages += [
            reverse(name, args=[project.slug, labels["Court"].pk]) for name in ("label-split", "label-look-again")
        ]
        for page in pages:
            assert (client_of(bob).get(page).status_code, client_of(mallory).get(page).status_code) == (403, 404)

    def test_another_project_s_labels_cannot_be_named(self, project, alice, labels, client_of):
        other = make_project(name="Other project")
        fields = {"labels": [labels["Court"].pk, other.labels.first().pk], "into": "Court", "sure": "on"}
        assert client_of(alice).post(reverse("label-merge", args=[project.slug]), fields).status_code == 422


class TestAnAnswerRemembersItsGuidelines:
    def test_the_version_that_its_page_showed(self, project, bob, client_of, labels):
        add_texts(project, ["a", "b"])
        client = client_of(bob)
        served = services.serve(project=project, annotator=bob)
        fields = {"lease": served[0].key, "key": "0b6f7f3a-0000-4000-8000-000000000001", "label": labels["Court"].pk}
        client.post(reverse("label-answer", args=[project.slug]), fields | {"guidelines": 1})
        add_labels(project=project, names=["Newer"])
        fields = {"lease": served[1].key, "key": "0b6f7f3a-0000-4000-8000-000000000002", "label": labels["Court"].pk}
        client.post(reverse("label-answer", args=[project.slug]), fields | {"guidelines": 99})
        assert list(Annotation.objects.order_by("id").values_list("guidelines_number", flat=True)) == [1, 2]
        assert [row["guidelines"] for row in rows(project)] == [1, 2]

    def test_the_page_says_when_they_changed_since_and_only_then(self, project, bob, client_of, labels):
        add_texts(project, ["a", "b", "c"])
        client, page = client_of(bob), reverse("label", args=[project.slug])
        news = reverse("label-guidelines", args=[project.slug])
        add_labels(project=project, names=["Newer"])
        assert "Guidelines changed" not in client.get(page).content.decode()  # Bob has not labelled yet
        give(project, bob, one(project, bob), labels["Court"])
        add_labels(project=project, names=["Newest"])
        said = client.get(page).content.decode()
        assert "Guidelines changed just now" in said and "?since=" in said and "show them here" not in said
        open_page = client.get(news, {"shown": "2", "told": "0"})
        assert "show them here" in open_page.content.decode()
        assert client.get(news, {"shown": "2", "told": "3"}).status_code == 204
        project.refresh_from_db()
        give(project, bob, one(project, bob), labels["Court"])
        assert "Guidelines changed" not in client.get(page).content.decode()

    def test_the_script_sends_the_version_that_its_page_shows(self, project, bob, client_of, labels):
        add_texts(project, ["a"])
        page = client_of(bob).get(reverse("label", args=[project.slug])).content.decode()
        data = page.split('<script id="label-data" type="application/json">')[1].split("</script>")[0]
        assert json.loads(data)["guidelines"] == 1
        assert '<input type="hidden" name="guidelines" value="1">' in page

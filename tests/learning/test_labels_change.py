"""Labels are merged or split while the loop runs: it goes on with those there are, and earlier models stay true."""

from __future__ import annotations

import pytest
from django.urls import reverse

from labeller.annotation.label_changes import end_look, split_label
from labeller.annotation.models import Annotation, QueueEntry, Source
from labeller.annotation.second_look import waiting
from labeller.insight.snapshot import snapshot_csv
from labeller.learning.bridges.pool import labelled
from labeller.learning.bridges.recheck import recheck
from labeller.learning.bridges.reproduce import reproduce
from labeller.learning.bridges.running import note_running
from labeller.learning.models import LoopState, ModelVersion
from labeller.projects.labels import Draft, add_labels
from labeller.projects.merging import merge_labels, undo_merge
from labeller.projects.models import Label, Project, User
from tests.learning.scene import annotate, fill, kind_of, read, refit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project(project: Project, bob: User) -> Project:
    """Twenty-four of thirty texts are answered, every fourth of them in the audit, and a model is made of that."""
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:24]):
        annotate(document, bob, source=Source.AUDIT if at % 4 == 3 else Source.ACTIVE)
    refit(project)
    return project


def merge(project: Project) -> Label:
    """Court becomes Change."""
    both = list(project.labels.filter(name__in=["Change", "Court"]))
    done = merge_labels(project=project, labels=both, into="Change")
    assert done.target is not None
    return done.target


def more(project: Project, bob: User) -> ModelVersion:
    """The other six texts are answered with the labels there are now, which makes another point of the curve."""
    for document in project.documents.order_by("id")[24:]:
        annotate(document, bob, ["Other" if kind_of(document.text) == "Other" else "Change"])
    refit(project)
    return ModelVersion.objects.latest("number")


class TestAfterAMerge:
    def test_the_loop_is_asked_to_fit_again(self, project: Project) -> None:
        LoopState.objects.update(refresh_pending=False)
        merge(project)
        assert LoopState.objects.get(project=project).refresh_pending

    def test_the_next_model_knows_the_one_label_and_the_one_before_both(self, project: Project, bob: User) -> None:
        before, every = ModelVersion.objects.get(), [label.pk for label in project.labels.all()]
        target = merge(project)
        after = more(project, bob)
        other = project.labels.get(name="Other")
        assert (before.label_ids, after.label_ids) == (every, [target.pk, other.pk])
        assert after.settings["label_counts"] == {"Change": 20, "Other": 10}
        assert after.metrics["accuracy"]["value"] > 0.6
        assert {int(label) for entry in QueueEntry.objects.exclude(prediction=None) for label in entry.prediction} <= {
            target.pk,
            other.pk,
        }

    def test_every_stored_figure_still_follows_from_its_facts(self, project: Project, bob: User) -> None:
        merge(project)
        more(project, bob)
        assert [row.differences for row in recheck(project) if row.differences] == []

    def test_models_of_before_and_after_are_made_again_the_same(self, project: Project, bob: User) -> None:
        merge(project)
        more(project, bob)
        for version in ModelVersion.objects.order_by("number"):
            told = reproduce(version)
            assert (told.answers_changed, told.largest_difference <= 1e-5, told.texts) == (0, True, 6)

    def test_a_prediction_of_the_merged_label_counts_as_the_one_it_became(self, project: Project, bob: User) -> None:
        court = project.labels.get(name="Court")
        answer = Annotation.objects.filter(source=Source.AUDIT, labels=court).first()
        assert answer is not None
        said = {str(court.pk): 0.9, str(project.labels.get(name="Other").pk): 0.1}
        Annotation.objects.filter(pk=answer.pk).update(prediction=said, model_key="m")
        merge(project)
        score = note_running(project, n_labels=24)
        assert score is not None and score.metrics["accuracy"]["value"] == 1.0

    def test_the_file_of_answers_of_an_earlier_model_names_labels_as_they_were_given(self, project: Project) -> None:
        merge(project)
        lines = "".join(snapshot_csv(ModelVersion.objects.get()))
        assert lines.count(",Court,") == 8

    def test_the_pages_of_results_open_for_models_of_before(self, project: Project, alice: User, client_of) -> None:
        merge(project)
        client, slug = client_of(alice), project.slug
        for address in (
            reverse("results", args=[slug]),
            reverse("results-errors", args=[slug]) + "?model=1",
            reverse("results-model", args=[slug, 1]),
            reverse("results-csv", args=[slug]),
            reverse("results-errors-texts", args=[slug]) + "?model=1",
        ):
            answer = client.get(address)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert answer.status_code == 200 and b"a label that was deleted" not in body, address

    def test_undone_the_loop_has_its_three_labels_again(self, project: Project) -> None:
        before = labelled(project)
        both = list(project.labels.filter(name__in=["Change", "Court"]))
        undo_merge(merge=merge_labels(project=project, labels=both, into="Venue"))
        after = labelled(project)
        assert (after.label_ids, after.Y.tolist()) == (before.label_ids, before.Y.tolist())


class TestAfterASplit:
    def test_the_old_label_teaches_until_its_texts_are_looked_at(self, project: Project, bob: User) -> None:
        court = project.labels.get(name="Court")
        look = split_label(project=project, label=court, drafts=[Draft("Venue"), Draft("Law")], stays=False)
        assert labelled(project).counts == {"Change": 8, "Court": 8, "Other": 8, "Venue": 0, "Law": 0}
        refit(project)
        for answer in Annotation.objects.filter(labels=court, superseded_at=None):
            Annotation.objects.filter(pk=answer.pk).update(superseded_at=look.started_at)
            annotate(answer.document, bob, ["Venue"], source=answer.source)
        assert waiting(look) == 0
        end_look(look=look)
        assert labelled(project).counts == {"Change": 8, "Other": 8, "Venue": 8, "Law": 0}
        refit(project)
        assert reproduce(ModelVersion.objects.earliest("number")).answers_changed == 0

    def test_an_answer_that_names_a_label_that_went_is_left_out(self, project: Project, bob: User) -> None:
        court = project.labels.get(name="Court")
        Label.objects.filter(pk=court.pk).update(retired_at="2026-01-01T00:00Z", hotkey="")
        assert labelled(project).counts == {"Change": 8, "Other": 8}
        refit(project)
        add_labels(project=project, names=["Court"])
        assert labelled(project).counts == {"Change": 8, "Other": 8, "Court": 0}

"""Test, then train: answers to texts drawn at random against what was said of them before."""

from __future__ import annotations

import pytest

from labeller.annotation.models import Annotation, Source
from labeller.annotation.services import undo
from labeller.corpus.models import Document
from labeller.learning.bridges import running as bridge_running
from labeller.learning.bridges.running import note_running, window_of
from labeller.learning.measures import AnswerThresholds, RunningScore
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project, User
from tests.annotation.acts import give, one
from tests.cast import add_texts, join, make_project
from tests.learning.scene import annotate, fill, kind_of, read, refit

pytestmark = pytest.mark.django_db


def predicted(project: Project, person: User, text: str, said: dict[str, float], given: list[str]) -> Annotation:
    """An audit answer to a new text, with what was said before it: probabilities by the label's name."""
    ids = {label.name: label.pk for label in project.labels.all()}
    [document] = add_texts(project, [text])
    annotation = annotate(document, person, given, source=Source.AUDIT)
    annotation.prediction = {str(ids[name]): share for name, share in said.items()}
    annotation.model_key = "quick-x-9"
    annotation.save(update_fields=["prediction", "model_key"])
    return annotation


def test_the_window_holds_the_newest_answers_and_the_likeliest_label_counts(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge_running, "WINDOW", 4)
    for at, given in enumerate(["Other", "Change", "Change", "Court", "Change"]):
        predicted(project, bob, f"Text {at}.", {"Change": 0.5, "Court": 0.4, "Other": 0.1}, [given])
    score = note_running(project, n_labels=17)
    assert score is not None and (score.n_labels, score.n_texts) == (17, 4)
    assert score.annotation_ids == sorted(score.annotation_ids)
    assert score.metrics["accuracy"]["value"] == 0.75
    assert set(score.metrics) == {"accuracy", "macro_f1", "resampled_f1", "micro_f1"}


def test_without_a_prediction_from_before_there_is_nothing_to_score(project: Project, bob: User) -> None:
    for document in fill(project)[:5]:
        annotate(document, bob, source=Source.AUDIT)
    assert note_running(project, n_labels=5) is None
    assert not RunningScore.objects.exists()


def test_chosen_and_undone_answers_and_those_without_a_label_left_do_not_count(project: Project, bob: User) -> None:
    said = {"Change": 0.9, "Court": 0.1}
    kept = predicted(project, bob, "Kept.", said, ["Change"])
    chosen, undone, gone, skipped = (
        predicted(project, bob, f"{name}.", said, ["Court"]) for name in ("Chosen", "Undone", "Gone", "Skipped")
    )
    Annotation.objects.filter(pk=chosen.pk).update(source=Source.ACTIVE)
    Annotation.objects.filter(pk=undone.pk).update(superseded_at=undone.created_at)
    Annotation.objects.filter(pk=skipped.pk).update(status=Annotation.Status.SKIPPED)
    gone.labels.clear()
    score = note_running(project, n_labels=9)
    assert score is not None and score.annotation_ids == [kept.pk]


def test_of_two_people_s_answers_to_a_text_the_first_counts(project: Project, alice: User, bob: User) -> None:
    first = predicted(project, bob, "Twice.", {"Change": 0.9, "Court": 0.1}, ["Change"])
    second = annotate(first.document, alice, ["Court"], source=Source.AUDIT)
    Annotation.objects.filter(pk=second.pk).update(prediction=first.prediction, model_key=first.model_key)
    score = note_running(project, n_labels=9)
    assert score is not None and score.annotation_ids == [first.pk]


def test_a_changed_answer_keeps_the_place_of_the_one_it_replaced(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge_running, "WINDOW", 3)
    old, *others = (predicted(project, bob, f"Text {at}.", {"Change": 0.9}, ["Change"]) for at in range(4))
    Annotation.objects.filter(pk=old.pk).update(superseded_at=old.created_at)
    changed = annotate(old.document, bob, ["Court"], source=Source.AUDIT)
    Annotation.objects.filter(pk=changed.pk).update(prediction=old.prediction, model_key=old.model_key)
    score = note_running(project, n_labels=9)
    assert score is not None and score.annotation_ids == [one.pk for one in others]
    monkeypatch.setattr(bridge_running, "WINDOW", 4)
    score = note_running(project, n_labels=9)
    assert score is not None and score.annotation_ids == [changed.pk, *(one.pk for one in others)]


def test_with_several_labels_the_thresholds_of_that_moment_decide(db: None, bob: User) -> None:
    project = make_project("multi")
    ids = {label.name: str(label.pk) for label in project.labels.all()}
    said = {"Change": 0.35, "Court": 0.3, "Other": 0.01}
    for at in range(3):
        predicted(project, bob, f"Text {at}.", said, ["Change"])
    assert note_running(project, n_labels=9) is None  # nobody knows what would have been given
    thresholds = {ids["Change"]: 0.35, ids["Court"]: 0.4, ids["Other"]: 0.5}
    AnswerThresholds.objects.create(project=project, model_key="quick-x-9", thresholds=thresholds)
    score = note_running(project, n_labels=9)
    assert score is not None and score.metrics["accuracy"]["value"] == 1.0
    AnswerThresholds.objects.update(thresholds=thresholds | {ids["Court"]: 0.2})
    score = note_running(project, n_labels=9)
    assert score is not None and (score.metrics["accuracy"]["value"], score.n_texts) == (0.0, 3)


def test_the_loop_notes_a_running_score_with_each_version_from_what_was_served(project: Project, bob: User) -> None:
    fill(project)
    read(project)
    by_draw = Document.objects.filter(project=project).order_by("-draw")
    for document in list(by_draw)[:6]:
        annotate(document, bob)
    refit(project)
    assert ModelVersion.objects.filter(project=project).count() == 1 and not RunningScore.objects.exists()
    while ModelVersion.objects.filter(project=project).count() < 2:
        served = one(project, bob)
        give(project, bob, served, project.labels.get(name=kind_of(served.text)))
        refit(project)
    version, score = ModelVersion.objects.order_by("number")[1], RunningScore.objects.get()
    assert score.n_labels == version.n_labels and score.n_texts >= 1
    answers = list(Annotation.objects.filter(pk__in=score.annotation_ids).order_by("pk"))
    assert all(answer.source == Source.AUDIT and answer.prediction for answer in answers)
    window = window_of(project, answers)
    right = (window.said == window.gold).all(axis=1).mean()
    assert score.metrics["accuracy"]["value"] == pytest.approx(right)
    undo(project=project, annotator=bob)
    score.refresh_from_db()
    assert score.annotation_ids == window.annotation_ids  # a fact: what is undone later does not change it


def test_each_ranking_with_several_labels_keeps_its_thresholds(db: None, bob: User) -> None:
    project = make_project(kind="multi")
    join(project, bob, "manager")
    documents = fill(project)
    read(project)
    for document in documents[:9]:
        annotate(document, bob)
    refit(project)
    kept = AnswerThresholds.objects.get(project=project)
    assert kept.model_key == project.ranking.model_key
    assert set(kept.thresholds) == {str(pk) for pk in project.labels.values_list("pk", flat=True)}
    refit(project)
    assert AnswerThresholds.objects.count() == 1

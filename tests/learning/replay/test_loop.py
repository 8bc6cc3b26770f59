"""A labelled file played through the loop: the thirty texts of the scene, answered as they should be."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from labeller.annotation.models import Annotation, Ranking, Source
from labeller.annotation.signals import annotations_changed
from labeller.learning.bridges.replay import Examiner
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.learning.replay import loop as playing
from labeller.learning.replay.lines import Known, ReplayRefused
from labeller.learning.replay.loop import Plan, Replay
from labeller.learning.replay.start import _import
from labeller.projects.models import Project, Role, User
from tests.cast import join, make_project
from tests.learning.scene import fill, kind_of, read, vectors

pytestmark = pytest.mark.django_db


def scene(project: Project, bob: User, plan: Plan, **facts: Any) -> Replay:
    """The pool is read; the last six texts, two of each kind, are the test as well."""
    for name, value in facts.items():
        setattr(project, name, value)
    project.save()
    documents = fill(project)
    read(project)
    ids = dict(project.labels.order_by("position").values_list("name", "pk"))
    test = documents[24:]
    Y = np.array([[kind_of(document.text) == name for name in ids] for document in test], np.uint8)
    examiner = Examiner(project, [document.text for document in test], Y, {project.encoder: vectors(test)})
    answers = {document.text_hash: [ids[kind_of(document.text)]] for document in documents}
    return Replay(project, bob, answers, examiner, plan)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's own transaction is never committed, so learning is told of an answer at once. And the cast hashes a
    text as it stands."""
    monkeypatch.setattr("labeller.learning.bridges.quick._heads", {})  # numbers of projects come again in tests
    monkeypatch.setattr("labeller.annotation.answers.tell_annotations_changed", _tell)
    monkeypatch.setattr(playing, "text_hash", lambda text: sha256(text.encode()).hexdigest())


def _tell(project_id: int) -> None:
    annotations_changed.send(sender=Annotation, project_id=project_id)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Full runs that were carried out, by their labels, in place of the minutes they take."""
    done: list[int] = []

    def fine_tune(run_id: int) -> None:
        run = TrainingRun.objects.get(pk=run_id)
        done.append(run.labels_at_start)
        TrainingRun.objects.filter(pk=run_id).update(state="done", log=[{"pool": "It was not used."}])

    monkeypatch.setattr("labeller.learning.tasks.fine_tune", fine_tune)
    return done


def test_a_point_comes_at_each_count_and_the_queue_follows_the_labels(project: Project, bob: User) -> None:
    points = list(scene(project, bob, Plan((3, 12), full_at=())).play())
    assert [point["labels"] for point in points] == [3, 12]
    assert Annotation.objects.filter(annotator=bob, superseded_at=None).count() == 12
    assert Ranking.objects.get(project=project).labels_seen == 12
    assert points[1]["quick"]["accuracy"] > 0.6 and points[1]["quick"]["accuracy"] == points[1]["frozen"]["accuracy"]
    assert points[1]["serving"]["full"] is False and points[1]["refit_s"] > 0
    assert set(points[1]["quick"]) == {"accuracy", "macro_f1", "micro_f1", "calibration_error"}


def test_a_play_is_repeated_by_its_seed(project: Project, bob: User, alice: User) -> None:
    def order(own: Project) -> list[str]:
        list(scene(own, bob, Plan((8,), full_at=()), seed=3, audit=False).play())
        return list(Annotation.objects.filter(project=own).order_by("id").values_list("document__text", flat=True))

    other = make_project()
    join(other, bob)
    assert order(project) == order(other)


@pytest.mark.parametrize(("audit", "sources"), [(False, {Source.ACTIVE}), (True, {Source.ACTIVE, Source.AUDIT})])
def test_texts_come_from_the_audit_only_where_there_is_one(
    project: Project, bob: User, audit: bool, sources: set[str]
) -> None:
    list(scene(project, bob, Plan((9,), full_at=()), audit=audit).play())
    assert set(Annotation.objects.values_list("source", flat=True)) == sources


@pytest.mark.parametrize("policy", ["default", "random", "margin", "cold", "rarest"])
def test_policies_of_one_label_a_text_can_be_played(project: Project, bob: User, policy: str) -> None:
    points = list(scene(project, bob, Plan((9,), full_at=()), strategy=policy, audit=False).play())
    assert points[0]["labels"] == 9 and points[0]["quick"] is not None


def test_the_triggers_start_full_runs_by_themselves(project: Project, bob: User, runs: list[int]) -> None:
    points = list(scene(project, bob, Plan((15, 20), refit_every=4), audit=False).play())
    assert runs == [16, 20]
    assert points[0]["rounds"] == [] and [made["labels"] for made in points[1]["rounds"]] == [16, 20]
    assert points[1]["rounds"][0]["pool"] == "It was not used."


def test_a_default_project_is_played_with_its_audit_and_its_triggers(
    project: Project, bob: User, runs: list[int]
) -> None:
    """As `simulate --full auto` does: the comparison with rivals has neither."""
    points = list(scene(project, bob, Plan((15, 26)), audit=True).play())
    assert runs == [16, 20, 25] and [made["labels"] for made in points[1]["rounds"]] == [16, 20, 25]
    assert set(Annotation.objects.values_list("source", flat=True)) == {Source.ACTIVE, Source.AUDIT}


def test_full_runs_at_counts_given_are_the_only_ones(project: Project, bob: User, runs: list[int]) -> None:
    points = list(scene(project, bob, Plan((18, 24), full_at=(18,), refit_every=4), audit=False).play())
    assert runs == [18] and points[0]["rounds"][0]["state"] == "done" and points[1]["rounds"] == []
    assert set(TrainingRun.objects.exclude(labels_at_start=18).values_list("state", flat=True)) <= {"cancelled"}


def test_a_full_run_may_come_between_two_points(project: Project, bob: User, runs: list[int]) -> None:
    points = list(scene(project, bob, Plan((12, 24), full_at=(16, 24), refit_every=4), audit=False).play())
    assert runs == [16, 24] and [point["labels"] for point in points] == [12, 24]
    assert [made["labels"] for made in points[1]["rounds"]] == [16, 24]


def test_a_full_run_that_cannot_start_says_why_and_the_play_goes_on(project: Project, bob: User) -> None:
    points = list(scene(project, bob, Plan((1, 4), full_at=(1,)), audit=False).play())
    assert points[0]["rounds"][0]["state"] == "refused" and "two kinds" in points[0]["rounds"][0]["reason"]
    assert points[0]["quick"] is None and points[1]["labels"] == 4


def test_a_full_run_waits_for_two_texts_a_kind_as_in_use(project: Project, bob: User, runs: list[int]) -> None:
    points = list(scene(project, bob, Plan((5, 8), full_at=(5, 8)), audit=False).play())
    assert runs == [8]
    assert points[0]["rounds"][0]["state"] == "not due" and "two texts a kind" in points[0]["rounds"][0]["reason"]


def test_a_full_run_that_fails_ends_the_play_with_its_reason(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run_id: int) -> None:
        TrainingRun.objects.filter(pk=run_id).update(state="failed", reason="No memory.")

    monkeypatch.setattr("labeller.learning.tasks.fine_tune", fail)
    with pytest.raises(ReplayRefused, match="failed at 8 labels: No memory"):
        list(scene(project, bob, Plan((8,), full_at=(8,)), audit=False).play())


def test_a_play_goes_on_from_the_labels_that_were_given(project: Project, bob: User, runs: list[int]) -> None:
    first = scene(project, bob, Plan((6, 12), full_at=(6, 12)), audit=False)
    assert [point["labels"] for point in first.play()] == [6, 12]
    later = Replay(project, bob, first.answers, first.examiner, Plan((6, 12, 18), full_at=(6, 12, 18)), given=12)
    assert [point["labels"] for point in later.play()] == [18] and runs == [6, 12, 18]
    assert Annotation.objects.filter(superseded_at=None).count() == 18


def test_the_play_ends_with_the_pool(project: Project, bob: User) -> None:
    points = list(scene(project, bob, Plan((10, 31), full_at=(), refit_every=10), audit=False).play())
    assert [point["labels"] for point in points] == [10]
    assert Annotation.objects.count() == 30


def test_refits_come_as_often_as_asked_and_before_each_point(project: Project, bob: User) -> None:
    plays = scene(project, bob, Plan((10,), refit_every=4, full_at=()), audit=False)
    refitted = []
    refit = plays._refit
    plays._refit = lambda: (refitted.append(plays.given), refit())  # type: ignore[method-assign, assignment, func-returns-value]
    list(plays.play())
    assert refitted == [0, 4, 8, 10]


def test_several_labels_a_text_begin_with_one_of_each_found_by_search(bob: User) -> None:
    project = make_project(kind="multi")
    join(project, bob, Role.MANAGER)
    plays = scene(project, bob, Plan((6, 15), full_at=(), found_first=True), audit=False)
    points = list(plays.play())
    found = Annotation.objects.filter(source=Source.SEARCH)
    assert sorted(kind_of(text) for text in found.values_list("document__text", flat=True)) == [
        "Change",
        "Court",
        "Other",
    ]
    assert [point["labels"] for point in points] == [6, 15] and Annotation.objects.count() == 15
    assert points[1]["quick"]["macro_f1"] > 0.5


def test_encoders_that_no_longer_serve_are_removed(project: Project, bob: User, runs: list[int]) -> None:
    plays = scene(project, bob, Plan((4,), full_at=(4,)), audit=False)
    folders = []
    for number in (1, 2):
        version = ModelVersion.objects.create(
            project=project, number=number, kind="full", folder=f"v{number}", n_labels=1, n_audit=0, seed=0,
            encoder=project.encoder, duration_s=1, label_ids=[],
        )  # fmt: skip
        folders.append(playing.artifacts.absolute(version.folder) / "encoder")
        folders[-1].mkdir(parents=True)
    LoopState.objects.create(project=project, serving=version)
    plays._forget_encoders()
    assert [folder.exists() for folder in folders] == [False, True]


def test_a_text_that_does_not_come_in_ends_the_replay(project: Project, alice: User) -> None:
    """Rivals learn from the pool as it was read: it is left out there, or nobody plays."""
    with pytest.raises(ReplayRefused, match=r"Of 2 texts 1 were imported; 1 were refused\."):
        _import(project, alice, [Known("fine", ("a",)), Known("not \x00 fine", ("a",))])

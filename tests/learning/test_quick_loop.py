"""Labels so far -> a head -> the queue's rows, with the real encoder on thirty texts."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from labeller.annotation.audit import audit_threshold
from labeller.annotation.models import QueueEntry, Ranking, Source
from labeller.annotation.services import serve
from labeller.learning import pulse, selectors
from labeller.learning.bridges import material as bridge_material
from labeller.learning.bridges import quick as bridge_quick
from labeller.learning.bridges import ranking as bridge_ranking
from labeller.learning.models import AuditPrediction, LoopState, ModelVersion, TrainingRun
from labeller.projects.models import Project, User
from tests.annotation.acts import free_and_reserved
from tests.learning.scene import active, annotate, audit, fill, kind_of, read, refit

pytestmark = pytest.mark.django_db


def test_without_embeddings_the_queue_is_left_alone(project: Project) -> None:
    fill(project)
    assert refit(project) == 1
    assert not QueueEntry.objects.exists() and not Ranking.objects.exists()


def test_before_any_label_medoids_are_served_first(project: Project, bob: User) -> None:
    fill(project)
    read(project)
    refit(project)
    assert Ranking.objects.get(project=project).model_key == ""
    assert all("group of similar texts" in entry.reason for entry in active(project))
    assert all(entry.prediction is None for entry in active(project))


def test_a_refit_asks_last_for_what_somebody_has_before_them(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    for document in documents[:8]:
        annotate(document, bob)
    refit(project)
    pulse.beat("quick")
    first = active(project)[0].document_id
    held = {served.document_id for served in serve(project=project, annotator=bob)}
    assert first in held
    refit(project)
    assert not held & {entry.document_id for entry in active(project)[:3]}


def test_from_two_labels_of_two_kinds_on_a_model_orders_the_queue(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    annotate(documents[0], bob)
    refit(project)
    assert Ranking.objects.get(project=project).model_key == ""
    annotate(documents[1], bob)
    refit(project)
    ranking = Ranking.objects.get(project=project)
    assert ranking.model_key and ranking.labels_seen == 2 and ranking.model_name == "the quick model"
    for entry in active(project):
        assert sum(entry.prediction.values()) == pytest.approx(1, abs=0.001)  # type: ignore[union-attr]
        assert 0 < entry.probability <= 1  # type: ignore[operator]


def test_two_labels_of_one_kind_are_no_model_yet(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    annotate(documents[0], bob)
    annotate(documents[3], bob)
    refit(project)
    assert Ranking.objects.get(project=project).model_key == ""


def test_the_active_stream_has_no_answered_text_and_none_of_the_reserve(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    threshold = audit_threshold(len(documents))
    for document in documents[:9]:
        annotate(document, bob)
    refit(project)
    answered = {document.pk for document in documents[:9]}
    reserve = {document.pk for document in documents if document.draw < threshold}
    queued = {entry.document_id for entry in active(project)}
    assert queued == {document.pk for document in documents} - answered - reserve
    by_draw = sorted((d for d in documents if d.pk in reserve - answered), key=lambda d: d.draw)
    assert audit(project) == [document.pk for document in by_draw]
    assert all(entry.prediction for entry in QueueEntry.objects.filter(stream="audit"))


def test_the_model_is_right_about_texts_it_has_not_seen(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    for document in documents[:15]:
        annotate(document, bob)
    refit(project)
    names = {str(label.pk): label.name for label in project.labels.all()}
    right = [
        names[max(entry.prediction, key=entry.prediction.get)] == kind_of(entry.document.text)  # type: ignore[arg-type,union-attr]
        for entry in QueueEntry.objects.select_related("document")
    ]
    assert np.mean(right) >= 0.8


def test_a_full_run_starts_when_two_texts_a_kind_may_teach_whatever_the_audit_has(project: Project, bob: User) -> None:
    free, reserved = free_and_reserved(fill(project))
    read(project)
    for document in [*reserved, *free[6:]][:14]:
        annotate(document, bob, source=Source.AUDIT)
    for document, name in zip(free, ["Change", "Court", "Other", "Change", "Court"], strict=False):
        annotate(document, bob, [name])
    refit(project)
    assert selectors.teaching_labels(project) == (19, 5, 3) and not TrainingRun.objects.exists()
    annotate(free[5], bob, ["Other"])
    refit(project)
    assert TrainingRun.objects.get().labels_at_start == 20


def test_a_served_text_carries_the_prediction_and_the_reason(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    for document in documents[:6]:
        annotate(document, bob)
    refit(project)
    pulse.beat("quick")
    first = serve(project=project, annotator=bob, count=1)[0]
    assert first.source == Source.ACTIVE and first.reason.startswith("Asked because") and first.prediction


def test_every_fifth_label_makes_a_point_of_the_curve_with_its_audit(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:12]):
        annotate(document, bob, source=Source.AUDIT if at % 3 == 2 or at == 3 else Source.ACTIVE)
        refit(project)
    versions = list(ModelVersion.objects.filter(project=project))
    assert [(version.number, version.n_labels) for version in versions] == [(1, 5), (2, 10)]
    assert versions[1].n_audit == AuditPrediction.objects.filter(version=versions[1]).count() == 4
    assert versions[1].metrics["n"] == 4 and "has not seen it" in versions[1].scored_how
    assert versions[1].label_ids == list(project.labels.values_list("id", flat=True))


def test_a_full_model_of_fewer_labels_makes_no_second_point(project: Project, bob: User) -> None:
    """A full run ends after labels have come: its version counts fewer of them than the quick one before it."""
    documents = fill(project)
    read(project)
    for document in documents[:6]:
        annotate(document, bob)
    refit(project)
    quick = ModelVersion.objects.get(kind="quick")
    ModelVersion.objects.create(
        project=project, number=quick.number + 1, kind="full", label_ids=[], n_labels=1, seed=1, duration_s=1
    )
    annotate(documents[6], bob)
    refit(project)
    assert ModelVersion.objects.filter(kind="quick").count() == 1


def test_with_very_many_labels_a_sample_is_fitted_and_the_version_says_so(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge_material, "FITTED_TEXTS", 8)
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:12]):
        annotate(document, bob, source=Source.AUDIT if at < 4 else Source.ACTIVE)
    refit(project)
    version = ModelVersion.objects.get(project=project)
    assert (version.n_labels, version.settings["fitted_on"], version.n_audit) == (12, 8, 4)
    assert Ranking.objects.get(project=project).labels_seen == 12


def test_with_many_labels_a_warm_head_is_calibrated_at_the_points_of_the_curve_alone(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge_quick, "ALWAYS_CALIBRATED", 5)
    monkeypatch.setattr(bridge_quick, "_heads", {})
    documents, calibrated = fill(project), []
    read(project)
    fit = bridge_quick.fit

    def watched(*args: Any, **options: Any) -> Any:
        calibrated.append((len(args[1]), options["calibrate"]))
        return fit(*args, **options)

    monkeypatch.setattr(bridge_quick, "fit", watched)
    for document in documents[:12]:
        annotate(document, bob)
        refit(project)
    versions = set(ModelVersion.objects.values_list("n_labels", flat=True))
    assert versions == {5, 10}
    assert calibrated == [(n, n <= 5 or n in versions) for n in range(2, 13)]


def test_a_calibration_is_not_kept_past_a_point_of_the_curve_that_another_process_made(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge_quick, "ALWAYS_CALIBRATED", 5)
    monkeypatch.setattr(bridge_quick, "_heads", {})
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:11], start=1):
        annotate(document, bob)
        if at == 10:
            mine = dict(bridge_quick._heads)
        refit(project)
        if at == 10:
            bridge_quick._heads.update(mine)  # as if the tenth had been another process's
    assert ModelVersion.objects.filter(project=project, n_labels=10).exists()
    assert bridge_quick._heads[project.pk].calibrated_on == 11


def test_a_refit_that_was_taken_over_after_its_ranking_stores_no_version(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = fill(project)
    read(project)
    for document in documents[:6]:
        annotate(document, bob)
    score = bridge_quick.score_audit

    def another_takes_over_meanwhile(*args: Any, **options: Any) -> Any:
        LoopState.objects.update(refresh_claim=uuid.uuid4())
        return score(*args, **options)

    monkeypatch.setattr(bridge_quick, "score_audit", another_takes_over_meanwhile)
    refit(project)
    assert Ranking.objects.get(project=project).labels_seen == 6
    assert not ModelVersion.objects.exists()


def test_a_stored_head_answers_as_the_one_that_was_stored(project: Project, bob: User) -> None:
    from labeller.learning.bridges.pool import pool_arrays, reader_of
    from labeller.learning.bridges.versions import load_head
    from modelsvc.heads.quick import predict_proba

    documents = fill(project)
    read(project)
    for document in documents[:6]:
        annotate(document, bob)
    refit(project)
    pool = pool_arrays(reader_of(project).store_folder)
    proba = predict_proba(load_head(ModelVersion.objects.get(project=project)), pool.X)
    for entry in QueueEntry.objects.all():
        row = int(np.searchsorted(pool.ids, entry.document_id))
        stored = bridge_ranking.prediction(proba[row], list(project.labels.values_list("id", flat=True)))
        assert stored == pytest.approx(entry.prediction, abs=2e-4)


def test_a_failing_refit_says_why_and_leaves_the_queue(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    annotate(documents[0], bob)
    annotate(documents[1], bob)
    refit(project)
    before = [entry.document_id for entry in active(project)]
    from labeller.learning.bridges.pool import reader_of

    # A store whose description is damaged: what a full disk leaves behind.
    (reader_of(project).store_folder / "meta.json").write_text("{")
    annotate(documents[2], bob)
    refit(project)
    loop = LoopState.objects.get(project=project)
    assert "cannot be read" in loop.refresh_error and loop.refresh_claim is None
    assert [entry.document_id for entry in active(project)] == before


def test_many_labels_store_only_the_likeliest_five() -> None:
    proba = np.linspace(0, 1, 20, dtype=np.float32)
    assert list(bridge_ranking.prediction(proba, list(range(100, 120)))) == ["119", "118", "117", "116", "115"]


def test_several_labels_per_text_are_ranked_too(alice: User) -> None:
    from tests.cast import join, make_project

    project = make_project(kind="multi")
    join(project, alice, "manager")
    documents = fill(project)
    read(project)
    for document in documents[:8]:
        annotate(document, alice, None if document.pk % 4 else [])
    refit(project)
    assert LoopState.objects.get(project=project).refresh_error == ""
    assert Ranking.objects.get(project=project).labels_seen == 8

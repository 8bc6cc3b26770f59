"""Figures follow from the facts that were frozen with them: computed again they are equal to the last digit."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labeller.annotation.models import Annotation, Source
from labeller.learning.bridges.recheck import differing
from labeller.learning.measures import OrderComparison, RunningScore
from labeller.learning.models import AuditPrediction, ModelVersion, PoolReading
from labeller.projects.models import Label, Project, User
from tests.cast import join, make_project
from tests.learning.scene import annotate, checked, fill, read, refit
from tests.learning.test_order_comparison import answered, gauged
from tests.learning.test_running_score import predicted

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["single", "multi"])
def measured(request: pytest.FixtureRequest, db: None, bob: User) -> Project:
    """Two versions, and with one label a text a running score."""
    project = make_project(request.param)
    join(project, bob, "manager")
    documents = fill(project)
    read(project)
    for document in documents[:8]:
        annotate(document, bob, source=Source.AUDIT)
    refit(project)
    predicted(project, bob, "We may change this.", {"Change": 0.6, "Court": 0.4}, ["Change"])
    for document in documents[8:16]:
        annotate(document, bob, source=Source.AUDIT)
    refit(project)
    assert ModelVersion.objects.count() == 2
    return project


def test_figures_follow_from_frozen_predictions_whatever_people_do_afterwards(
    measured: Project,
) -> None:
    told = checked(measured)
    assert told["equal"] and told["different"] == {}
    assert told["checked"] == 2 + PoolReading.objects.count() + RunningScore.objects.count()
    # What people do afterwards changes nothing.
    Annotation.objects.update(superseded_at="2026-01-01T00:00Z")
    Label.objects.filter(project=measured, name="Court").delete()
    assert checked(measured)["equal"]


@pytest.mark.parametrize("measured", ["single"], indirect=True)
def test_a_figure_that_does_not_follow_is_named_and_the_exit_code_is_1(measured: Project) -> None:
    prediction = AuditPrediction.objects.filter(version__number=2).order_by("pk").first()
    assert prediction is not None
    prediction.predicted = [pk for pk in prediction.version.label_ids if pk not in prediction.gold][:1]
    prediction.save(update_fields=["predicted"])
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("check_results", measured.slug, "--json", stdout=out)
    assert refused.value.returncode == 1
    told = json.loads(out.getvalue())
    assert not told["equal"] and list(told["different"]) == ["model 2"]
    assert any(line.startswith("accuracy.value: stored") for line in told["different"]["model 2"])


def test_a_reading_from_before_labels_had_figures_gets_none_later(project: Project, bob: User) -> None:
    documents = fill(project)
    read(project)
    kinds = list(project.labels.values_list("name", flat=True))
    for at, document in enumerate(documents[:36]):
        # Some are as nobody could tell, or with few wrong no label would have a figure.
        annotate(document, bob, [kinds[at // 3 % len(kinds)]] if at < 18 else None, source=Source.AUDIT)
    refit(project)
    reading = PoolReading.objects.get()
    assert reading.tightened_labels and checked(project)["equal"]
    reading.tightened_labels, reading.tightened_f1 = [], None
    reading.save(update_fields=["tightened_labels", "tightened_f1"])
    assert checked(project)["equal"]


def test_with_few_audit_texts_wrong_only_the_plain_figures_are_kept_and_these_follow(
    project: Project, bob: User
) -> None:
    documents = fill(project)
    read(project)
    for document in documents[:36]:
        annotate(document, bob, source=Source.AUDIT)
    refit(project)
    reading = PoolReading.objects.get()
    assert (reading.tightened_f1, reading.tightened_labels) == (None, []) and checked(project)["equal"]


def test_a_comparison_of_orders_follows_from_its_answers(project: Project, bob: User) -> None:
    answered(project, bob)
    gauged(project)
    assert checked(project) == {"project": project.slug, "checked": 1, "equal": True, "different": {}}
    comparison = OrderComparison.objects.get()
    comparison.saved = comparison.saved | {"random": 3.0}
    comparison.save(update_fields=["saved"])
    with pytest.raises(CommandError, match="1 of 1 results differ"):
        call_command("check_results", project.slug, stdout=io.StringIO())


def test_an_unknown_project_is_exit_code_2(db: None) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("check_results", "nowhere")
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("stored", "again", "lines"),
    [
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 2]}}, []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b[1]: stored 2, now 3"]),
        ({"a": 1}, {}, ["a: stored 1, now None"]),
        ({"f1": 0.5}, {"f1": {"value": 0.5, "low": 0.1, "high": 0.9}}, []),
        ({"f1": 0.5}, {"f1": {"value": 0.6, "low": 0.1, "high": 0.9}}, ["f1: stored 0.5, now 0.6"]),
        # Macro-F1 as it was stored while its interval was the bootstrap's alone.
        ({"macro_f1": 2}, {"macro_f1": 3, "resampled_f1": 2}, []),
        ({"macro_f1": 3}, {"macro_f1": 3, "resampled_f1": 2}, ["macro_f1: stored 3, now 2"]),
        ({"macro_f1": 2, "resampled_f1": 2}, {"macro_f1": 3, "resampled_f1": 2}, ["macro_f1: stored 2, now 3"]),
        ([1], [1, 2], ["all: stored [1], now [1, 2]"]),
    ],
)
def test_differences_are_told_by_their_place(stored: Any, again: Any, lines: list[str]) -> None:
    assert list(differing(stored, again)) == lines

"""The figures of one label: those that lean on the pool lead where there are any, on every page and in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from labeller.insight.label_curves import label_figures
from labeller.insight.measured_on import ON_THE_AUDIT
from labeller.insight.selectors import Estimate, label_scores
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project, User
from tests.insight.readings import add_reading
from tests.insight.scored import add_labels, add_version

ClientOf = Callable[[User], Client]
F1 = {"value": 0.674, "low": 0.514, "high": 0.814}
LEANING = {"precision": {"value": 0.711, "low": 0.533, "high": 0.877}, "recall": None, "f1": F1}


def leaning(version: ModelVersion, *labels: dict[str, Any]) -> ModelVersion:
    """The same version with these figures of its labels, by column."""
    reading = add_reading(version)
    reading.tightened_labels = [label | {"recall": F1} for label in labels]
    reading.save(update_fields=["tightened_labels"])
    return version


@pytest.fixture
def measured(project: Project, alice: User) -> Project:
    """A version from before labels had figures that lean on the pool, and one with them."""
    add_labels(project, alice, audit=6)
    add_reading(add_version(project, n_labels=60, n_audit=40))
    never_given = LEANING | {"precision": None}
    leaning(add_version(project, n_labels=80, n_audit=44), LEANING, LEANING, never_given)
    return project


def page(client: Client, name: str, project: Project, **query: object) -> str:
    return client.get(reverse(name, args=[project.slug]), query).content.decode()


@pytest.mark.parametrize("name", ["results", "results-report"])
def test_every_page_leads_with_them_and_says_what_they_lean_on(
    measured: Project, client_of: ClientOf, rita: User, name: str
) -> None:
    said = page(client_of(rita), name, measured)
    of_labels = said.split("Precision", 1)[1]
    assert "71.1 %" in of_labels and "0.674" in of_labels and "never given" in of_labels
    assert "lean on what the model says of the whole pool" in of_labels


def test_a_version_from_before_tells_what_the_audit_texts_alone_say(
    measured: Project, client_of: ClientOf, rita: User
) -> None:
    before = label_scores(measured, 1)
    assert not any(score.leans for score in before) and before[0].f1 not in (None, Estimate(**F1))
    ModelVersion.objects.get(number=2).delete()
    said = page(client_of(rita), "results", measured)
    assert 'id="label-table"' in said and "lean on what the model says" not in said


def test_the_curve_of_one_label_leads_with_them(measured: Project) -> None:
    label = measured.labels.first()
    assert label is not None
    first, second = (label_figures(measured, ON_THE_AUDIT)[number][label.pk] for number in (1, 2))
    assert second.f1 == Estimate(**F1) and first.f1 not in (None, second.f1)
    assert second.support == 15  # texts of the audit are counted as they are


def test_the_file_has_them(measured: Project, client_of: ClientOf, rita: User) -> None:
    rows = list(csv.DictReader(io.StringIO(page(client_of(rita), "results-csv", measured))))
    column = next(name for name in rows[0] if name.startswith("f1 of "))
    assert rows[1][column] == "0.674000" and rows[0][column] not in ("", "0.674000")


def test_it_costs_no_query_more(measured: Project, django_assert_num_queries: Callable[[int], Any]) -> None:
    with django_assert_num_queries(3):
        label_scores(measured, 2)
    with django_assert_num_queries(1):
        label_figures(measured, ON_THE_AUDIT)

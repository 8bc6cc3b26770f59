"""Which figure leads: the tightened one where there is one, the plain one beside, on every page and in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from labeller.insight.curve import PLAIN_KINDS, curve_rows, plain_rows
from labeller.insight.selectors import Estimate, versions
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project, User
from tests.cast import join, make_project
from tests.insight.readings import add_reading
from tests.insight.scored import add_labels, add_version

ClientOf = Callable[[User], Client]

ACCURACY = {"value": 0.871, "low": 0.811, "high": 0.931}
MACRO_F1 = {"value": 0.774, "low": 0.664, "high": 0.884}


def tightened(version: ModelVersion) -> ModelVersion:
    """The same version with figures of its own by prediction-powered inference."""
    reading = add_reading(version)
    reading.tightened, reading.tightened_f1 = ACCURACY, MACRO_F1
    reading.save(update_fields=["tightened", "tightened_f1"])
    return version


@pytest.fixture
def measured(project: Project, alice: User) -> Project:
    """An early model from before readings, and two with tightened figures beside plain ones of .80."""
    add_labels(project, alice, audit=6)
    add_version(project, n_labels=60, n_audit=40)
    tightened(add_version(project, n_labels=80, n_audit=44))
    tightened(add_version(project, n_labels=100, n_audit=50, kind="full", promoted=True))
    return project


def page(client: Client, name: str, project: Project, *args: object, **query: object) -> str:
    return client.get(reverse(name, args=[project.slug, *args]), query).content.decode()


def test_the_headline_leads_with_the_tightened_figure_and_says_why_the_plain_one_is_beside(
    measured: Project, client_of: ClientOf, rita: User
) -> None:
    said = page(client_of(rita), "results", measured)
    assert "The model is right on about 87 in 100 texts." in said and "Between 81 and 93" in said
    assert "and on what the model says of all others" in said
    beside = said.split('id="plain-beside">')[1].split("</p>")[0]
    assert beside.startswith("By those texts alone it would be 80 in 100 (67 to 89).") and "too low" in beside


@pytest.mark.parametrize(
    ("name", "args"), [("results", ()), ("results-models", ()), ("results-model", (3,)), ("results-report", ())]
)
def test_every_page_tells_both_figures(
    measured: Project, client_of: ClientOf, rita: User, name: str, args: tuple[int, ...]
) -> None:
    said = page(client_of(rita), name, measured, *args)
    assert "87.1 %" in said and "80.0 %" in said
    assert "87.1 %" in said.split("plain 80.0 %")[0] or "Plain accuracy" in said


def test_with_several_labels_macro_f1_leads_in_the_same_way(client_of: ClientOf, bob: User) -> None:
    project = make_project("multi")
    join(project, bob, "reader")
    add_labels(project, bob, audit=6)
    tightened(add_version(project, n_labels=80, n_audit=44))
    said = page(client_of(bob), "results", project)
    assert "macro-F1 of about 0.77, between 0.66 and 0.88" in said
    assert "By those texts alone the macro-F1 would be 0.80" in said


def test_a_version_without_a_tightened_figure_leads_with_the_plain_one(measured: Project) -> None:
    first, second, third = versions(measured)
    assert first.leading_accuracy == first.accuracy and first.plain_accuracy is None
    assert second.leading_accuracy == Estimate(**ACCURACY) and second.plain_accuracy == second.accuracy
    assert third.leading_f1 == Estimate(**MACRO_F1) and third.plain_f1 == third.macro_f1


def test_a_tightened_figure_equal_to_the_plain_one_has_none_beside(project: Project) -> None:
    reading = add_reading(version := add_version(project, n_labels=80, n_audit=44))
    reading.tightened = version.metrics["accuracy"]
    reading.save(update_fields=["tightened"])
    assert [row.plain_accuracy for row in curve_rows(versions(project))] == [None]
    assert plain_rows(curve_rows(versions(project))) == []


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_the_picture_draws_the_leading_figures_and_the_plain_ones_as_a_second_line(
    measured: Project, client_of: ClientOf, rita: User, metric: str
) -> None:
    client, lead = client_of(rita), ACCURACY if metric == "accuracy" else MACRO_F1
    address = reverse("results-curve", args=[measured.slug])
    values = client.get(address, {"metric": metric, "line": "plain"}).json()["data"]["values"]
    by_kind = {kind: [one["value"] for one in values if one["kind"] == kind] for kind in ("quick", "full")}
    assert by_kind == {"quick": [pytest.approx(0.8, abs=0.01), lead["value"]], "full": [lead["value"]]}
    plain = [one for one in values if one["kind"] in PLAIN_KINDS.values()]
    assert [one["kind"] for one in plain] == ["quick, plain", "full, plain"]
    assert all(one["value"] == pytest.approx(0.8, abs=0.01) for one in plain)
    table = page(client, "results-numbers", measured, metric=metric, line="plain")
    assert table.split('id="picture-table"')[1].count("<tr>") == 1 + 3 + 2


def test_the_file_has_both(measured: Project, client_of: ClientOf, rita: User) -> None:
    rows = list(csv.DictReader(io.StringIO(page(client_of(rita), "results-csv", measured))))
    assert [row["accuracy"] for row in rows] == ["0.800000", "0.871000", "0.871000"]
    assert rows[0]["plain_accuracy"] == "" and rows[1]["plain_accuracy"].startswith("0.79")
    assert rows[1]["macro_f1_low"] == "0.664000" and rows[1]["plain_f1_low"]


def test_micro_f1_is_shown_only_where_it_is_not_the_accuracy_again(
    measured: Project, client_of: ClientOf, rita: User, bob: User
) -> None:
    client = client_of(rita)
    assert "Micro-F1" not in page(client, "results", measured)
    assert (
        "Micro-F1"
        not in client.get(reverse("results-curve", args=[measured.slug])).content.decode().split('"values"')[0]
    )
    several = make_project("multi")
    join(several, bob, "reader")
    add_version(several, n_labels=80, n_audit=44)
    assert "Micro-F1" in page(client_of(bob), "results", several)

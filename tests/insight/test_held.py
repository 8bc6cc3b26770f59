"""What the pages say of how often their intervals held the truth, by kind of project."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from labeller.insight import held
from labeller.projects.models import Project, User
from tests.insight.readings import add_reading
from tests.insight.scored import add_labels, add_version

ClientOf = Callable[[User], Client]
FAILED = "held the later value in 0 of 10 cases. Do not plan by it."
HELD = "held the later value in 99 of 100 cases"


@pytest.fixture
def foretold(project: Project, alice: User) -> Project:
    add_labels(project, alice, audit=6, active=3)
    add_reading(add_version(project, n_labels=300, n_audit=110, right=0.82))
    return project


def pages(project: Project, client: Client) -> list[str]:
    names = ("results", "results-outlook", "results-report")
    return [client.get(reverse(name, args=[project.slug])).content.decode() for name in names]


def test_with_one_label_a_text_the_forecast_says_how_often_it_held(
    foretold: Project, client_of: ClientOf, rita: User
) -> None:
    for page in pages(foretold, client_of(rita)):
        assert HELD in page and FAILED not in page


def test_with_several_labels_a_text_it_says_that_it_failed_where_it_was_tried(
    foretold: Project, client_of: ClientOf, rita: User
) -> None:
    Project.objects.filter(pk=foretold.pk).update(kind="multi")
    for page in pages(foretold, client_of(rita)):
        assert page.count(FAILED) == 1 and HELD not in page


def test_where_there_is_no_forecast_nothing_is_said_of_it(project: Project, client_of: ClientOf, rita: User) -> None:
    Project.objects.filter(pk=project.pk).update(kind="multi")
    reading = add_reading(add_version(project, n_labels=300, n_audit=110))
    reading.forecast |= {"passed": False, "miss": 0.05}
    reading.save()
    assert all(FAILED not in page for page in pages(project, client_of(rita)))


def test_intervals_are_vouched_for_by_kind_of_project_on_page_and_report(
    foretold: Project, client_of: ClientOf, rita: User
) -> None:
    results, _, report = pages(foretold, client_of(rita))
    for page in (results, report):
        assert held.intervals_held() in page
    assert "96 and 92 of 100 on questions of six kinds (macro-F1: 87 and 91)" in held.intervals_held()
    assert "in 98 and 98 on news of four kinds (95 and 95)" in held.intervals_held()
    assert "in 100 and 98 with several labels a text, some rare (99 and 99)." in held.intervals_held()
    assert "never fine-tuned" in held.intervals_held() and "never fine-tuned" in held.forecast_held(is_multi=False)


def test_the_manual_says_the_same_figures() -> None:
    manual = Path("docs/managers.md").read_text(encoding="utf-8")
    every = (held.TREC, held.AG, held.SEVERAL)
    accuracy = [share for found in every for share in found.accuracy]
    f1 = [share for found in every for share in found.macro_f1]
    told = f"in {min(accuracy)} to {max(accuracy)} of 100 simulated projects (macro-F1 in {min(f1)} to {max(f1)})"
    assert told in manual
    assert f"{held.NAMED} of 100 named numbers" in manual
    assert f"the band in the picture held in {held.FORECAST} of 100" in manual
    assert f"the band held in {held.SEVERAL_HELD} of {held.SEVERAL_TRIED}" in manual


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (held.TREC, "questions of six kinds (TREC-6)"),
        (held.AG, "news of four kinds (AG)"),
        (held.SEVERAL, "several labels a text, some rare (terms of service)"),
    ],
)
def test_the_decision_says_them_by_kind_of_project(found: held.Held, kind: str) -> None:
    decision = Path("docs/decisions/0016-which-figure-leads.md").read_text(encoding="utf-8")
    accuracy, f1 = ("{} and {}".format(*pair) for pair in (found.accuracy, found.macro_f1))
    assert re.search(rf"^\| {re.escape(kind)} \| \d+ \| {accuracy} \| {f1} \|$", decision, flags=re.MULTILINE)

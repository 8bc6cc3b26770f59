"""The results page, its live part, its chart and its CSV: who may see them, what they cost, and that they agree."""

import csv
import io
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from labeller.annotation.models import Annotation
from labeller.insight.markers import models_marker, results_marker
from labeller.insight.measured_on import ON_THE_AUDIT
from labeller.insight.panels import results_panel
from labeller.projects.models import Membership, Project, User
from labeller.projects.overview import panels
from tests.cast import add_texts, join, make_project
from tests.insight.scored import add_labels, add_version
from tests.learning.scene import annotate

ClientOf = Callable[[User], Client]
PAGES = (
    "results", "results-figures", "results-curve", "results-numbers", "results-csv", "results-models",
    "results-models-live",
)  # fmt: skip
PERSON = ("alice", "bob", "rita")


def at(name: str, project: Project) -> str:
    return reverse(name, args=[project.slug])


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("person", PERSON)
def test_every_member_may_read(
    name: str, person: str, project: Project, client_of: ClientOf, request: pytest.FixtureRequest
) -> None:
    assert client_of(request.getfixturevalue(person)).get(at(name, project)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_gets_404_and_so_does_an_unknown_project(
    name: str, project: Project, client_of: ClientOf, mallory: User, alice: User
) -> None:
    assert client_of(mallory).get(at(name, project)).status_code == 404
    assert client_of(alice).get(reverse(name, args=["no-such"])).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_post_is_refused_and_nobody_reads_signed_out(
    name: str, project: Project, client_of: ClientOf, rita: User, client: Client
) -> None:
    assert client_of(rita).post(at(name, project)).status_code == 405
    answer = client.get(at(name, project))
    assert answer.status_code == 302 and reverse("account_login") in answer["Location"]


def test_without_evidence_the_page_says_how_much_is_missing_and_no_percentage(
    project: Project, client_of: ClientOf, alice: User
) -> None:
    add_labels(project, alice, audit=12, active=4)
    add_version(project, n_labels=16, n_audit=12)
    page = client_of(alice).get(at("results", project)).content.decode()
    assert "Not enough evidence yet: 12 of 30 audit labels, 18 are missing." in page
    assert "too few (12)" in page
    assert not re.search(r"\d %", page.replace("95 %", "")), "a share is shown without evidence for it"


def test_the_csv_the_table_and_the_chart_tell_the_same(project: Project, client_of: ClientOf, alice: User) -> None:
    add_labels(project, alice, audit=35, active=10)
    for n_labels, n_audit, kind in ((20, 8, "quick"), (60, 31, "quick"), (60, 31, "full"), (90, 44, "quick")):
        add_version(project, n_labels=n_labels, n_audit=n_audit, kind=kind, right=0.5 + n_labels / 250)
    client = client_of(alice)
    told = list(csv.DictReader(io.StringIO(client.get(at("results-csv", project)).content.decode())))
    page = client.get(at("results", project)).content.decode()
    for table, is_few in (("curve-table", False), ("few-table", True)):
        rows = [_as_shown(row) for row in told if bool(row["note"]) is is_few]
        assert _table_rows(page, table)[::-1] == rows and rows

    drawn = client.get(at("results-curve", project), {"metric": "macro_f1"}).json()["data"]["values"]
    assert [(str(point["labels"]), f"{point['value']:.6f}", f"{point['low']:.6f}") for point in drawn] == [
        (row["labels"], row["macro_f1"], row["macro_f1_low"]) for row in told if not row["note"]
    ]


def test_an_unknown_metric_is_refused_by_name(project: Project, client_of: ClientOf, rita: User) -> None:
    answer = client_of(rita).get(at("results-curve", project), {"metric": "luck"})
    assert answer.status_code == 400
    assert answer.content.decode() == "No curve of 'luck'; known: accuracy, macro_f1, micro_f1, label_f1."


def test_a_changed_answer_is_news_though_no_count_moves(project: Project, bob: User) -> None:
    [document] = add_texts(project, ["We may change these terms."])
    answer = annotate(document, bob, ["Change"])
    before = results_marker(project, ON_THE_AUDIT), models_marker(project)
    Annotation.objects.filter(pk=answer.pk).update(superseded_at=answer.created_at)
    annotate(document, bob, ["Court"])
    after = results_marker(project, ON_THE_AUDIT), models_marker(project)
    assert before[0] != after[0] and before[1] != after[1]


def test_the_live_part_is_silent_until_a_figure_changes(project: Project, client_of: ClientOf, alice: User) -> None:
    client = client_of(alice)
    page = client.get(at("results", project)).content.decode()
    poll = re.search(r'id="standing" hx-get="([^"]+)"', page)
    assert poll is not None
    assert client.get(poll[1]).status_code == 204
    add_version(project, n_labels=40, n_audit=33)
    answer = client.get(poll[1])
    fragment = answer.content.decode()
    assert answer.status_code == 200 and "<html" not in fragment
    assert 'data-newest="1"' in fragment and "curve-table" in fragment and poll[1] not in fragment


def test_skipped_and_unsure_audit_texts_are_told_at_once(
    project: Project, client_of: ClientOf, alice: User, bob: User
) -> None:
    add_labels(project, alice, audit=33, active=4)
    add_version(project, n_labels=37, n_audit=33)
    client = client_of(alice)
    page = client.get(at("results", project)).content.decode()
    assert "33 texts drawn at random so far: 33 answered, 0 skipped or unsure." in page
    poll = re.search(r'id="standing" hx-get="([^"]+)"', page)
    assert poll is not None
    audit = project.annotations.filter(source="audit").order_by("id")
    for annotation, status in zip(audit[:3], ("skipped", "unsure", "skipped"), strict=True):
        annotation.status = status
        annotation.labels.clear()
        annotation.save(update_fields=["status"])
    # skipped by one, answered by another: an answer all the same
    project.annotations.create(key=uuid4(), document=annotation.document, annotator=bob, source="audit")
    project.annotations.filter(annotator=bob).update(status="labelled")
    assert "33 texts drawn at random so far: 31 answered, 2 skipped or unsure." in client.get(poll[1]).content.decode()


def test_the_page_keeps_the_strict_policy(project: Project, client_of: ClientOf, alice: User) -> None:
    add_version(project, n_labels=40, n_audit=33)
    answer = client_of(alice).get(at("results", project))
    page = answer.content.decode()
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|<style", page)


def test_fifty_versions_cost_as_many_queries_as_one(
    client_of: ClientOf, alice: User, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_labels(project, alice, audit=30, active=30)
    for at_labels in range(50):
        add_version(
            project, n_labels=60 + at_labels, n_audit=30 + at_labels, kind="full" if at_labels % 5 == 0 else "quick"
        )
    client = client_of(alice)
    with django_assert_max_num_queries(22):
        client.get(at("results", project))
    with django_assert_max_num_queries(23):
        client.get(at("results-figures", project))


def test_the_project_s_first_page_says_the_sentence(alice: User, project: Project) -> None:
    add_texts(project, ["One."])
    assert results_panel in panels
    panel = results_panel(project, Membership.objects.get(user=alice))
    card = render_to_string(panel.template, panel.context)
    assert "Not enough evidence yet: 0 of 30 audit labels, 30 are missing." in card
    assert reverse("results", args=[project.slug]) in card


def test_points_that_can_say_nothing_yet_are_folded_away(project: Project, client_of: ClientOf, alice: User) -> None:
    for n_labels, n_audit, kind in ((9, 3, "quick"), (16, 5, "full"), (20, 8, "quick"), (60, 31, "quick")):
        add_version(project, n_labels=n_labels, n_audit=n_audit, kind=kind)
    page = client_of(alice).get(at("results", project)).content.decode()
    assert "3 models with fewer than 30 audit texts</summary>" in page


def test_below_thirty_audit_texts_no_label_has_a_figure_either(
    project: Project, client_of: ClientOf, alice: User
) -> None:
    add_version(project, n_labels=40, n_audit=29)
    page = client_of(alice).get(at("results", project)).content.decode()
    assert "Fewer than 30 say too little of any label" in page and 'id="label-table"' not in page
    add_version(project, n_labels=42, n_audit=30)
    page = client_of(alice).get(at("results", project)).content.decode()
    assert "Fewer than 30 say too little" not in page and 'id="label-table"' in page


def test_of_many_labels_those_not_met_in_the_audit_are_one_line(client_of: ClientOf, alice: User) -> None:
    project = make_project(labels=[f"Label {number}" for number in range(40)])
    join(project, alice, "manager")
    add_version(project, n_labels=60, n_audit=31)
    page = client_of(alice).get(at("results", project)).content.decode()
    table, folded = page.split('id="label-table"')[1].split("</table>")[0], page.split('id="labels-unmet"')[1]
    assert table.count('<th scope="row">') == 31
    assert "9 others: none in the audit yet</summary>" in folded
    assert "Label 39" in folded and "Label 39" not in table


def test_another_project_s_figures_stay_out(client_of: ClientOf, alice: User, project: Project) -> None:
    add_version(make_project(name="Elsewhere"), n_labels=77, n_audit=40)
    lines = client_of(alice).get(at("results-csv", project)).content.decode().splitlines()
    assert len(lines) == 1  # the header


def _table_rows(page: str, name: str) -> list[list[str]]:
    table = re.search(rf'id="{name}".*?<tbody>(.*?)</tbody>', page, re.S)
    assert table is not None
    rows = re.findall(r"<tr>(.*?)</tr>", table[1], re.S)
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<td>(.*?)</td>", row, re.S)]
        for row in rows
    ]


def _as_shown(row: dict[str, str]) -> list[str]:
    start = [row["labels"], f"{row['model']} {row['kind']}", row["audit_texts"]]
    if row["note"]:
        return [*start, row["note"], row["note"]]
    accuracy, low, high = (100 * float(row[name]) for name in ("accuracy", "accuracy_low", "accuracy_high"))
    f1, f1_low, f1_high = (float(row[f"macro_f1{bound}"]) for bound in ("", "_low", "_high"))
    return [*start, f"{accuracy:.1f} % {low:.1f} to {high:.1f}", f"{f1:.3f} {f1_low:.3f} to {f1_high:.3f}"]

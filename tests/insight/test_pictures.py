"""The pictures of the curve and their numbers: of all labels, of one, and what beside them."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from labeller.learning.measures import OrderComparison, RunningScore
from labeller.projects.models import Project, User
from tests.cast import join, make_project
from tests.insight.scored import add_comparison, add_running_score, add_version

ClientOf = Callable[[User], Client]


def get(client: Client, name: str, project: Project, **query: object) -> str:
    answer = client.get(reverse(name, args=[project.slug]), query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def points(client: Client, project: Project, **query: object) -> list[dict[str, object]]:
    answer = client.get(reverse("results-curve", args=[project.slug]), query)
    values: list[dict[str, object]] = answer.json()["data"]["values"]
    return values


def test_the_f1_of_a_label_is_drawn_where_enough_audit_texts_carry_it(
    project: Project, client_of: ClientOf, rita: User
) -> None:
    add_version(project, n_labels=60, n_audit=33)
    version = add_version(project, n_labels=90, n_audit=45)
    client, court = client_of(rita), project.labels.get(name="Court")
    stored = version.metrics["per_label"][version.label_ids.index(court.pk)]
    drawn = points(client, project, metric="label_f1", label=court.pk)
    assert [point["labels"] for point in drawn] == [60, 90]
    assert (drawn[1]["value"], drawn[1]["low"]) == (stored["f1"]["value"], stored["f1"]["low"])
    assert drawn[1]["With the label"] == "15"
    table = get(client, "results-numbers", project, metric="label_f1", label=court.pk)
    assert "F1 of Court, point by point" in table and f"{stored['f1']['value']:.3f}" in table

    version.metrics["per_label"][version.label_ids.index(court.pk)]["support"] = 4
    version.save(update_fields=["metrics"])
    assert [point["labels"] for point in points(client, project, metric="label_f1", label=court.pk)] == [60]
    assert "too few with this label (4)" in get(client, "results-numbers", project, metric="label_f1", label=court.pk)


def test_a_version_from_before_f1_had_an_interval_is_left_out(
    project: Project, client_of: ClientOf, rita: User
) -> None:
    version = add_version(project, n_labels=60, n_audit=33)
    version.metrics |= {"micro_f1": 0.8, "per_label": [part | {"f1": 0.8} for part in version.metrics["per_label"]]}
    version.save(update_fields=["metrics"])
    client, label = client_of(rita), project.labels.first()
    assert label is not None
    assert points(client, project, metric="micro_f1") == []
    assert points(client, project, metric="label_f1", label=label.pk) == []
    assert len(points(client, project, metric="accuracy")) == 1


def test_a_picture_is_saved_with_its_title_and_the_key_of_what_it_draws(
    project: Project, client_of: ClientOf, rita: User
) -> None:
    add_version(project, n_labels=60, n_audit=33)
    add_running_score(project, n_labels=60, n_texts=40)
    spec = client_of(rita).get(reverse("results-curve", args=[project.slug]), {"line": "running", "saved": "1"}).json()
    assert spec["title"]["text"] == f"{project.name}: Accuracy on texts drawn at random, against number of labels"
    words = [layer["encoding"]["text"]["value"] for layer in spec["layer"] if "text" in layer["encoding"]]
    assert words == ["quick model", "95 % band", "said before the answer, last 50 audit texts"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"metric": "label_f1"}, "The F1 of one label needs a label of this project."),
        ({"metric": "label_f1", "label": "x"}, "The F1 of one label needs a label of this project."),
        ({"line": "luck"}, "No line 'luck'; known: plain, running, orders, people."),
    ],
)
@pytest.mark.parametrize("name", ["results-curve", "results-numbers"])
def test_a_picture_that_there_is_not_is_refused(
    name: str, query: dict[str, str], words: str, project: Project, client_of: ClientOf, rita: User
) -> None:
    answer = client_of(rita).get(reverse(name, args=[project.slug]), query)
    assert (answer.status_code, answer.content.decode()) == (400, words)


def test_a_label_of_another_project_is_none_of_this_one(project: Project, client_of: ClientOf, rita: User) -> None:
    foreign = make_project(name="Elsewhere").labels.first()
    assert foreign is not None
    answer = client_of(rita).get(
        reverse("results-curve", args=[project.slug]), {"metric": "label_f1", "label": foreign.pk}
    )
    assert answer.status_code == 400


def test_with_several_labels_macro_f1_is_the_first_choice(client_of: ClientOf, rita: User) -> None:
    project = make_project("multi")
    join(project, rita)
    add_version(project, n_labels=60, n_audit=33)
    page = get(client_of(rita), "results", project)
    offered = re.findall(r'name="metric" id="metric-(\w+)" value="\w+"( checked)?', page)
    assert offered == [("macro_f1", " checked"), ("accuracy", ""), ("micro_f1", ""), ("label_f1", "")]
    assert get(client_of(rita), "results-numbers", project).count("Macro-F1, point by point")


def test_lines_are_drawn_only_when_asked_for_and_only_with_evidence(
    project: Project, client_of: ClientOf, rita: User
) -> None:
    add_version(project, n_labels=60, n_audit=33)
    add_running_score(project, n_labels=40, n_texts=20)
    add_running_score(project, n_labels=60, n_texts=33, right=0.7)
    add_comparison(project, n_labels=60, n_random=30, n_audit=33)
    client = client_of(rita)
    assert {point["kind"] for point in points(client, project)} == {"quick"}
    running = [point for point in points(client, project, line="running") if point["kind"] == "test-then-train"]
    assert [(point["labels"], point["value"]) for point in running] == [(60, pytest.approx(23 / 33))]
    kinds = {point["kind"] for point in points(client, project, line=["running", "orders"])}
    assert kinds == {"quick", "test-then-train", "all labels", "random labels"}
    table = get(client, "results-numbers", project, line=["running"])
    assert "too few (20)" in table


def test_the_csv_has_every_line_and_every_label(project: Project, client_of: ClientOf, rita: User) -> None:
    label = project.labels.get(name="Court")
    label.name = "=Court"
    label.save(update_fields=["name"])
    add_version(project, n_labels=60, n_audit=33)
    add_running_score(project, n_labels=60, n_texts=33)
    add_comparison(project, n_labels=60, n_random=30, n_audit=33)
    rows = list(csv.DictReader(io.StringIO(get(client_of(rita), "results-csv", project))))
    assert [row["kind"] for row in rows[:2]] == ["quick", "test-then-train"]
    assert {row["kind"] for row in rows[2:]} == {"all labels", "random labels"}
    assert rows[0]["f1 of Change"] and not rows[1]["f1 of Change"] and rows[1]["micro_f1_high"]
    assert rows[0]["f1 of =Court low"]


def test_the_page_costs_no_more_with_many_lines(
    project: Project, client_of: ClientOf, rita: User, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for at in range(30):
        add_version(project, n_labels=60 + at, n_audit=33)
        add_running_score(project, n_labels=60 + at, n_texts=33)
    add_comparison(project, n_labels=60, n_random=30, n_audit=33)
    assert (RunningScore.objects.count(), OrderComparison.objects.count()) == (30, 1)
    client = client_of(rita)
    with django_assert_max_num_queries(11):  # type: ignore[attr-defined]
        points(client, project, line=["running", "orders"])

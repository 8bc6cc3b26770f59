"""The table of models stands by whichever of its columns the reader clicks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from labeller.insight.model_order import Order
from labeller.learning import artifacts
from labeller.learning.models import LoopState, ModelVersion
from labeller.projects.models import Project, User
from tests.insight.scored import add_version

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def three(project: Project) -> Project:
    """Model 2 is the best, 1 the longest and largest, 3 was measured on too few."""
    for n_labels, n_audit, right, kind, size in (
        (20, 40, 0.7, "full", 9000),
        (60, 40, 0.9, "full", 500),
        (80, 5, 1.0, "full", 700),
    ):
        version = add_version(project, n_labels=n_labels, n_audit=n_audit, right=right, kind=kind)
        folder = artifacts.version_folder(project.pk, version.number)
        folder.mkdir(parents=True)
        (folder / "head.safetensors").write_bytes(b"0" * size)
    LoopState.objects.create(project=project, serving=version)
    return project


def table(client: Client, project: Project, **query: str) -> str:
    page = client.get(reverse("results-models", args=[project.slug]), query).content.decode()
    return page.split('id="model-table"')[1].split("</table>")[0]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["3", "2", "1"]), ("model", ["3", "2", "1"]), ("-model", ["1", "2", "3"]),
        ("labels", ["3", "2", "1"]), ("-labels", ["1", "2", "3"]),
        ("figure", ["2", "1", "3"]), ("-figure", ["1", "2", "3"]),  # without a figure last either way
        ("size", ["1", "3", "2"]), ("-size", ["2", "3", "1"]),
        ("nonsense", ["3", "2", "1"]),
    ],
)  # fmt: skip
def test_the_highest_first_or_the_lowest(
    three: Project, client_of: ClientOf, rita: User, sort: str, order: list[str]
) -> None:
    assert re.findall(r'<th scope="row">\D*(\d+)', table(client_of(rita), three, sort=sort)) == order


def test_a_head_says_how_the_table_stands_and_turns_it_round(three: Project, client_of: ClientOf, rita: User) -> None:
    heads = table(client_of(rita), three, sort="size").split("<tbody>")[0]
    assert re.search(r'aria-sort="descending"><a class="sort" href="\?sort=-size">', heads)
    assert heads.count("aria-sort") == 1 and 'href="?sort=labels"' in heads
    assert Order.read("-size").heads["size"].asks_for == "size"


def test_sizes_and_their_sum_are_told(three: Project, client_of: ClientOf, rita: User) -> None:
    page = client_of(rita).get(reverse("results-models", args=[three.slug])).content.decode().replace("\xa0", " ")
    assert "<td>8.8 KB</td>" in page and "3 models take 10.0 KB on disk." in page


def test_what_zips_take_of_it_is_said(three: Project, client_of: ClientOf, rita: User) -> None:
    ModelVersion.objects.get(project=three, number=2).exports.create(
        state="done", size=2048, check_result={"texts": 20}
    )
    page = client_of(rita).get(reverse("results-models", args=[three.slug])).content.decode().replace("\xa0", " ")
    assert "3 models take 10.0 KB on disk, 2.0 KB of it their zips." in page


def test_what_is_ticked_stays_ticked_when_the_table_renews_itself(
    three: Project, client_of: ClientOf, alice: User, rita: User
) -> None:
    address = reverse("results-models-live", args=[three.slug])
    part = client_of(alice).get(address, {"seen": "old", "number": ["1"]}).content.decode()
    assert re.findall(r'value="(\d)" form="tidy" id="tick-\d" checked', part) == ["1"]
    assert 'hx-include="#tidy"' in part and 'id="tidy"' in part and 'id="tick-3"' not in part  # what serves has no box
    shown = client_of(rita).get(address).content.decode()
    assert "tick-" not in shown and "hx-include" not in shown and 'id="tidy"' not in shown

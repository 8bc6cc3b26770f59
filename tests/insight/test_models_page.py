"""The page of models: which are at work, what can be taken away, and that it follows what happens."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from labeller.learning.models import LoopState
from labeller.projects.models import Project, User
from tests.insight.scored import add_labels, add_version

ClientOf = Callable[[User], Client]


def page_for(client: Client, project: Project) -> str:
    return client.get(reverse("results-models", args=[project.slug])).content.decode()


def test_without_a_model_it_says_when_the_first_comes(project: Project, client_of: ClientOf, rita: User) -> None:
    assert "No model yet. The first quick one is made from two labels" in page_for(client_of(rita), project)


def test_the_newest_stand_first_and_earlier_ones_of_few_texts_are_folded(
    project: Project, client_of: ClientOf, alice: User
) -> None:
    for n_labels, n_audit, kind in ((9, 3, "quick"), (16, 5, "full"), (20, 8, "quick"), (60, 31, "quick")):
        add_version(project, n_labels=n_labels, n_audit=n_audit, kind=kind)
    page = page_for(client_of(alice), project)
    assert "2 earlier quick models with fewer than 30 audit texts</summary>" in page
    assert re.findall(r'<th scope="row">\D*(\d+)', page.split('id="model-table"')[1]) == ["4", "2", "3", "1"]


def test_it_says_which_models_are_at_work(project: Project, client_of: ClientOf, rita: User) -> None:
    client = client_of(rita)
    serving = add_version(project, n_labels=40, n_audit=31, kind="full", promoted=True)
    LoopState.objects.create(project=project, serving=serving)
    assert "Model 1 reads the texts." in page_for(client, project)
    add_version(project, n_labels=60, n_audit=31, base=serving)
    told = "Model 1 reads the texts, and model 2 orders the queue by what it has read."
    assert told in page_for(client, project)


def test_the_curve_leads_here_and_here_leads_back(project: Project, client_of: ClientOf, rita: User) -> None:
    curve, models = reverse("results", args=[project.slug]), reverse("results-models", args=[project.slug])
    page = client_of(rita).get(curve).content.decode()
    assert f'<a href="{curve}" aria-current="page">Curve</a>' in page and f'<a href="{models}">the table of' in page
    assert f'<a href="{models}" aria-current="page">Models</a>' in page_for(client_of(rita), project)


def test_the_live_part_is_silent_until_something_changes(project: Project, client_of: ClientOf, rita: User) -> None:
    client = client_of(rita)
    version = add_version(project, n_labels=40, n_audit=33)
    poll = re.search(r'id="tables" hx-get="([^"]+)"', page_for(client, project))
    assert poll is not None and client.get(poll[1]).status_code == 204
    version.exports.create()
    answer = client.get(poll[1]).content.decode()
    assert "Waiting…" in answer and "<html" not in answer and f'{poll[1]}"' not in answer


def test_fifty_models_cost_as_many_queries_as_one(
    client_of: ClientOf, alice: User, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    add_labels(project, alice, audit=5)
    for at in range(50):
        add_version(project, n_labels=60 + at, n_audit=30 + at, kind="full" if at % 5 == 0 else "quick")
    client = client_of(alice)
    with django_assert_max_num_queries(20):
        page_for(client, project)


def test_only_a_manager_is_offered_to_build_a_zip(
    project: Project, client_of: ClientOf, alice: User, rita: User
) -> None:
    add_version(project, n_labels=40, n_audit=33)
    export = f'action="{reverse("model-export", args=[project.slug, 1])}"'
    assert export in page_for(client_of(alice), project)
    assert export not in page_for(client_of(rita), project)


@pytest.mark.parametrize(
    ("state", "words"), [("done", "checked: same answers on 20 texts"), ("failed", "The disk is full.")]
)
def test_the_answer_about_a_zip_stands_in_its_row(
    project: Project, client_of: ClientOf, alice: User, state: str, words: str
) -> None:
    version = add_version(project, n_labels=60, n_audit=31)
    version.exports.create(state=state, reason="The disk is full.", check_result={"texts": 20}, size=90_000_000)
    page = page_for(client_of(alice), project)
    cell = page.split('<td class="zip" aria-live="polite">')[1].split("</td>")[0]
    assert words in cell
    assert 'hx-target="closest .zip"' in cell or state == "done"

"""The page of agreement: what it says with and without overlap, whose names it shows, and the line on the curve."""

from __future__ import annotations

import pytest
from django.urls import reverse

from labeller.annotation.models import Source
from labeller.insight.agreement import advice, agreement_of
from labeller.insight.ceiling import people_rows
from labeller.insight.measured_on import ON_THE_AUDIT
from labeller.insight.results_context import ResultsContext
from labeller.projects.models import Role
from tests.cast import add_texts, join, make_project, make_user
from tests.insight.agreeing import add_agreement, answer_alike
from tests.insight.scored import add_version

pytestmark = pytest.mark.django_db


def page_of(client_of, user, project):
    return client_of(user).get(reverse("results-agreement", args=[project.slug])).content.decode()


@pytest.fixture
def twice(project, alice, bob):
    """Forty texts that both answered, on 36 alike."""
    answer_alike(project, [alice, bob], texts=40, alike=0.9)
    add_agreement(project)
    return project


def test_without_shared_texts_it_says_what_to_do(project, alice, client_of):
    add_texts(project, ["Alone."])
    page = page_of(client_of, alice, project)
    assert "Nobody has been compared with anybody yet." in page
    assert "Set “People who answer the same text” to 2 in the settings" in page
    assert "Ask for two answers" in page and "Weigh them now" in page


def test_with_few_shared_texts_it_says_how_many_are_missing(project, alice, bob, client_of):
    answer_alike(project, [alice, bob], texts=4, alike=1)
    add_agreement(project)
    page = page_of(client_of, alice, project)
    assert "Too few texts were answered by two people" in page and "4 texts so far; 10 are needed" in page


def test_figures_are_said_in_words_and_stand_in_tables(twice, alice, client_of):
    page = page_of(client_of, alice, twice)
    assert "Two people agree on 90 % of the texts that both answered (7" in page and "alpha 0.85" in page
    assert "40 texts answered by two or more of 2 people, 0 of them drawn at random" in page
    for table in ("agreement-table", "label-table", "pair-table"):
        assert f'id="{table}"' in page
    assert "alice and bob" in page and "By majority" in page


@pytest.mark.parametrize(
    ("who", "sees", "hidden"),
    [("alice", "alice and bob", "another person"), ("bob", "bob and another person", "alice"), ("rita", "", "bob")],
)
def test_names_are_shown_by_role(twice, request, client_of, who, sees, hidden):
    page = page_of(client_of, request.getfixturevalue(who), twice).split("<main", 1)[1]
    assert sees in page and hidden not in page
    assert ("Weigh them now" in page) == (who == "alice")


def test_strangers_find_nothing(twice, mallory, client_of):
    assert client_of(mallory).get(reverse("results-agreement", args=[twice.slug])).status_code == 404


def test_reliability_is_for_managers_alone_and_only_where_it_is_used(project, alice, bob, client_of):
    carol = make_user("carol")
    join(project, carol)
    answer_alike(project, [alice, bob, carol], texts=40, alike=0.8)
    add_agreement(project)
    page = page_of(client_of, alice, project)
    assert "Weighed by how reliable each person is" in page and 'id="reliability-table"' in page
    assert 'id="reliability-table"' not in page_of(client_of, bob, project)


def test_several_labels_are_compared_by_masi_too(alice, bob, client_of):
    project = make_project(kind="multi")
    join(project, alice, Role.MANAGER)
    join(project, bob)
    answer_alike(project, [alice, bob], texts=20, alike=0.9)
    add_agreement(project)
    page = page_of(client_of, alice, project)
    assert "MASI" in page and "Each label against the rest" in page


def test_the_page_takes_a_fixed_number_of_queries(twice, alice, client_of, django_assert_max_num_queries):
    browser = client_of(alice)
    with django_assert_max_num_queries(12):
        browser.get(reverse("results-agreement", args=[twice.slug]))


@pytest.mark.parametrize(
    ("overlap", "alike", "told"),
    [
        (1, 0.95, "“People who answer the same text” to 2"),
        (2, 0.3, "People agree too little"),
        (2, 0.9, "Decide disagreements in the review"),
    ],
)
def test_advice_follows_from_what_was_measured(project, alice, bob, overlap, alike, told):
    project.overlap = overlap
    project.save()
    answer_alike(project, [alice, bob], texts=60, alike=alike)
    add_agreement(project)
    context = agreement_of(project, project.memberships.get(user=alice))
    assert any(told in sentence for sentence in context.advice), context.advice
    assert advice(project, None, None) == ([] if overlap == 2 else context.advice[:1])


# --- the ceiling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("audit", "rows"), [(29, 0), (30, 1)])
def test_the_curve_has_a_line_from_thirty_random_texts_on(project, alice, bob, audit, rows):
    answer_alike(project, [alice, bob], texts=audit, alike=0.8, source=Source.AUDIT)
    answer_alike(project, [alice, bob], texts=50, alike=0.2)
    add_agreement(project)
    assert len(people_rows(project)) == rows
    for row in people_rows(project):
        assert row.accuracy.value == pytest.approx(0.8) and row.audit_texts == 30 and not row.is_model
        assert row.macro_f1.value == pytest.approx(0.8, abs=0.05) and row.micro_f1 is not None


def test_the_line_is_drawn_written_and_listed(project, alice, bob, client_of):
    answer_alike(project, [alice, bob], texts=40, alike=0.8, source=Source.AUDIT)
    add_agreement(project)
    add_version(project, n_labels=100, n_audit=40)
    browser = client_of(alice)
    page = browser.get(reverse("results", args=[project.slug])).content.decode()
    assert 'id="line-people" checked' in page and "People reach 80.0 %" in page
    spec = browser.get(reverse("results-curve", args=[project.slug]), {"line": "people"}).json()
    assert [layer["mark"]["text"] for layer in spec["layer"] if layer["mark"].get("text")] == ["people"]
    without = browser.get(reverse("results-curve", args=[project.slug])).json()
    assert len(spec["layer"]) == len(without["layer"]) + 3
    numbers = browser.get(reverse("results-numbers", args=[project.slug]), {"line": "people"}).content.decode()
    assert "80.0 %" in numbers and ">people<" in numbers
    assert "people" in browser.get(reverse("results-csv", args=[project.slug])).content.decode()


def test_without_a_ceiling_nothing_is_offered(project, alice, client_of):
    page = client_of(alice).get(reverse("results", args=[project.slug])).content.decode()
    assert 'data-until="people" hidden' in page and "People reach" not in page


def test_the_line_comes_by_itself_to_a_page_that_is_open(project, alice, bob, client_of):
    """Until then its poll has nothing new; then the sentence comes, and the picture is told to draw itself again."""
    answer_alike(project, [alice, bob], texts=40, alike=0.8, source=Source.AUDIT)
    add_version(project, n_labels=100, n_audit=40)
    browser, url = client_of(alice), reverse("results-figures", args=[project.slug])
    before = ResultsContext.of(project, ON_THE_AUDIT)
    assert browser.get(url, {"seen": before.marker}).status_code == 204
    add_agreement(project)
    answer = browser.get(url, {"seen": before.marker})
    assert answer.status_code == 200 and "People reach 80.0 %" in answer.content.decode()
    assert answer.context["results"].figures != before.figures

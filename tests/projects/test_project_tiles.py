"""The list of projects says how far each is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from labeller.annotation.selectors import progress
from labeller.projects.models import Role, User
from labeller.projects.tiles import HowFar, how_far, tiles_of
from tests.annotation.acts import give, one
from tests.cast import add_texts, join, make_project
from tests.projects.full_project import fill_every_table
from tests.projects.refusals import ClientOf

pytestmark = pytest.mark.django_db


def page_of(client_of: ClientOf, user: User) -> str:
    return client_of(user).get(reverse("projects")).content.decode()


def test_a_tile_says_how_many_texts_are_labelled(project, bob, client_of: ClientOf):
    add_texts(project, ["one", "two", "three"])
    give(project, bob, one(project, bob), project.labels.first())
    page = page_of(client_of, bob)
    assert f'<p class="far quiet num" id="far-{project.pk}">1 of 3 texts labelled</p>' in page
    assert f'<progress max="3" value="1" aria-labelledby="far-{project.pk}"></progress>' in page


def test_without_texts_it_says_so_and_has_no_bar(project, bob, client_of: ClientOf):
    page = page_of(client_of, bob)
    assert "No texts yet" in page and "<progress" not in page


@pytest.mark.parametrize(
    ("labelled", "texts", "sentence"),
    [(0, 0, "No texts yet"), (0, 1, "0 of 1 text labelled"), (1204, 9996, "1,204 of 9,996 texts labelled")],
)
def test_numbers_are_written_as_people_write_them(labelled, texts, sentence):
    assert HowFar(labelled, texts).sentence == sentence


def test_it_counts_as_the_project_s_own_pages_do(project, alice, bob):
    """Skips, answers of two people to one text and what was taken back are no further texts."""
    project.overlap = 2
    project.save()
    add_texts(project, [f"Text {at}" for at in range(6)])
    label = project.labels.first()
    for person in (alice, bob, bob):
        give(project, person, one(project, person), label)
    give(project, alice, one(project, alice), status="skipped")
    fill_every_table(project, alice)
    mine = progress(project, alice)
    assert how_far([project.pk]) == {project.pk: HowFar(mine.labelled, mine.texts)}


def test_however_many_projects_are_shown_the_queries_are_as_many(project, alice):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            tiles_of(alice)
        return len(asked)

    alone = queries()
    for at in range(5):
        other = make_project(name=f"Project {at}")
        join(other, alice, Role.MANAGER)
        add_texts(other, ["one", "two"])
    assert (queries(), alone) == (2, 2)


def test_nobody_without_a_project_has_anything_counted(mallory):
    with CaptureQueriesContext(connection) as asked:
        assert tiles_of(mallory) == []
    assert len(asked) == 1

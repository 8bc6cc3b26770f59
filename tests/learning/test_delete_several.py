"""Several models deleted at once: asked about together, and none that is in use."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from labeller.learning import artifacts, deleting
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project, User
from tests.learning.test_versions import SIZE, full, quick

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[User], Client]


@pytest.fixture
def several(project: Project) -> Project:
    """Full models 1, 2 and 4, of which 4 serves, and quick model 3 that reads through 2."""
    full(project)
    quick(project, full(project))
    full(project, serving=True)
    return project


def address(project: Project, *numbers: int) -> str:
    return reverse("models-delete", args=[project.slug]) + "?" + "&".join(f"number={number}" for number in numbers)


def gone() -> list[int]:
    return list(ModelVersion.objects.exclude(deleted_at=None).values_list("number", flat=True))


def test_what_would_go_is_counted_once(several: Project) -> None:
    found = deleting.tidying(several.pk, [1, 2, 3, 4, 99])
    assert [version.number for version in found.versions] == [1, 2, 3]
    assert [one.version.number for one in found.staying] == [4] and found.size == 3 * SIZE
    assert deleting.sizes(several.pk) == dict.fromkeys([1, 2, 3, 4], SIZE)


def test_the_page_asks_and_says_what_stays(several: Project, client_of: ClientOf, alice: User) -> None:
    page = client_of(alice).get(address(several, 1, 2, 4)).content.decode()
    assert "Delete the files of 3 models?" in page and "Models 1, 2, 3: this frees" in page
    assert "Quick models go with the full one through which they read texts." in page
    assert "Model 4 cannot be deleted. It reads the texts now." in page and gone() == []


def test_then_they_go_with_their_files_and_their_figures_stay(
    several: Project, client_of: ClientOf, alice: User
) -> None:
    page = client_of(alice).post(address(several, 1, 2, 4), follow=True).content.decode()
    assert "The files of 3 models are deleted;" in page and gone() == [1, 2, 3]
    assert not artifacts.version_folder(several.pk, 2).exists() and artifacts.version_folder(several.pk, 4).exists()
    assert ModelVersion.objects.get(number=1).metrics["n"] == 30
    assert client_of(alice).post(address(several, 1, 2, 4)).status_code == 302 and gone() == [1, 2, 3]  # twice: no harm


@pytest.mark.parametrize(
    ("numbers", "words"), [([], "Tick the models whose files are to go first."), ([4], "Model 4 cannot be deleted.")]
)
def test_with_nothing_to_delete_it_says_so(
    several: Project, client_of: ClientOf, alice: User, numbers: list[int], words: str
) -> None:
    assert words in client_of(alice).get(address(several, *numbers), follow=True).content.decode()


def test_only_a_manager_may(several: Project, client_of: ClientOf, bob: User, mallory: User) -> None:
    for method in ("get", "post"):
        assert getattr(client_of(bob), method)(address(several, 1)).status_code == 403
        assert getattr(client_of(mallory), method)(address(several, 1)).status_code == 404
    assert gone() == []


def test_many_cost_as_many_queries_as_one(several: Project, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(12):
        full(several)
    with django_assert_num_queries(7):
        assert len(deleting.tidying(several.pk, range(20)).going) == 14

"""A prepared query answers as its queryset does, and its SQL is written once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from labeller.annotation import services
from labeller.annotation.models import Lease
from labeller.corpus.models import Document
from labeller.prepared import Prepared
from labeller.projects.models import Project, User
from tests.cast import add_texts

pytestmark = pytest.mark.django_db

BETWEEN = Prepared(
    lambda project, least, below: Document.objects.filter(project_id=project, draw__gte=least, draw__lt=below).order_by(
        "draw"
    ),
    project=int,
    least=float,
    below=float,
)
OPEN = Prepared(lambda key, now: Lease.objects.filter(key=key, expires_at__gt=now), key=uuid.UUID, now=datetime)


@pytest.mark.parametrize(("least", "below"), [(0.0, 1.0), (0.2, 0.7), (0.5, 0.5)])
def test_it_answers_as_the_queryset_does_for_other_values_each_time(
    project: Project, least: float, below: float
) -> None:
    add_texts(project, [f"Text number {n}" for n in range(30)])
    expected = Document.objects.filter(project=project, draw__gte=least, draw__lt=below).order_by("draw")
    found = BETWEEN.all(project=project.pk, least=least, below=below)
    assert found == list(expected)
    assert [(d.text, d.metadata, d.created_at) for d in found] == [(d.text, d.metadata, d.created_at) for d in expected]


def test_moments_and_uuids_reach_the_database_as_django_sends_them(project: Project, bob: User) -> None:
    add_texts(project, ["One", "Two"])
    held = services.serve(project=project, annotator=bob)[0]
    now = timezone.now()
    found = OPEN.first(key=held.key, now=now)
    assert found is not None and found.key == held.key and found.expires_at > now
    assert OPEN.first(key=held.key, now=now + timedelta(days=1)) is None
    assert OPEN.first(key=uuid.uuid4(), now=datetime(2020, 1, 1, tzinfo=UTC)) is None


def test_its_sql_is_written_once(project: Project, django_assert_num_queries) -> None:
    calls = []

    def build(project: int) -> object:
        calls.append(project)
        return Document.objects.filter(project_id=project)

    query = Prepared(build, project=int)
    with django_assert_num_queries(3):
        for _ in range(3):
            query.all(project=project.pk)
    assert len(calls) == 1


def test_a_missing_or_unused_parameter_is_named(project: Project) -> None:
    with pytest.raises(TypeError, match="takes \\['below', 'least', 'project'\\], not \\['project'\\]"):
        BETWEEN.all(project=project.pk)
    with pytest.raises(TypeError, match="does not use its parameters \\['other'\\]"):
        Prepared(lambda other: Document.objects.all(), other=int).all(other=1)

"""Leaving the page: what it held goes to others at once, and nothing that was answered is lost."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from labeller.annotation import services
from labeller.annotation.models import Annotation, Lease
from tests.annotation.acts import give
from tests.cast import PASSWORD, add_texts, join, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(project, bob):
    add_texts(project, [f"Clause {number}" for number in range(5)])
    return services.serve(project=project, annotator=bob)


def release(client, project, *keys, **more):
    return client.post(reverse("label-release", args=[project.slug]), {"lease": [str(key) for key in keys], **more})


def test_what_was_given_back_goes_to_others_at_once(project, alice, bob, held, client_of):
    assert services.serve(project=project, annotator=alice) == []
    assert release(client_of(bob), project, *(text.key for text in held)).status_code == 204
    assert len(services.serve(project=project, annotator=alice)) == 5


def test_the_same_person_may_have_it_again(project, bob, held, client_of):
    release(client_of(bob), project, held[0].key)
    assert held[0].document_id in {text.document_id for text in services.serve(project=project, annotator=bob)}


def test_a_second_beacon_does_no_harm(project, alice, bob, held, client_of):
    for _ in range(2):
        assert release(client_of(bob), project, held[0].key).status_code == 204
    hers = services.serve(project=project, annotator=alice)
    assert release(client_of(bob), project, held[0].key).status_code == 204
    assert services.renew(project=project, annotator=alice) == hers


def test_an_answer_on_its_way_when_the_page_was_left_is_kept(project, bob, held, client_of):
    release(client_of(bob), project, held[0].key)
    answer = give(project, bob, held[0], project.labels.first())
    assert Annotation.objects.get() == answer


@pytest.mark.parametrize("keys", [[], [uuid.uuid4()]], ids=["none", "an unknown one"])
def test_nothing_to_give_back_is_no_mistake(project, bob, held, client_of, keys):
    assert release(client_of(bob), project, *keys).status_code == 204
    assert Lease.objects.filter(closed_at=None).count() == 5


def test_nobody_gives_back_what_others_hold(project, alice, bob, held, client_of):
    release(client_of(alice), project, *(text.key for text in held))
    assert Lease.objects.filter(closed_at=None).count() == 5


def test_a_lease_of_another_project_stays(project, bob, held, client_of):
    other = make_project(name="Another")
    join(other, bob)
    release(client_of(bob), other, *(text.key for text in held))
    assert Lease.objects.filter(closed_at=None).count() == 5


@pytest.mark.parametrize("keys", [["five"], [uuid.uuid4() for _ in range(101)]], ids=["no key", "too many"])
def test_what_cannot_be_read_is_refused_with_a_sentence(project, bob, held, client_of, keys):
    answer = release(client_of(bob), project, *keys)
    assert answer.status_code == 422 and answer.json()["error"].endswith((".", "once."))


def test_strangers_readers_and_a_page_of_somebody_else_are_refused(project, alice, bob, rita, mallory, held, client_of):
    assert release(client_of(mallory), project, held[0].key).status_code == 404
    assert release(client_of(rita), project, held[0].key).status_code == 403
    assert release(client_of(alice), project, held[0].key, user=str(bob.pk)).status_code == 403
    assert client_of(bob).get(reverse("label-release", args=[project.slug])).status_code == 405


def test_a_beacon_without_its_token_is_refused(project, bob, held):
    client = Client(enforce_csrf_checks=True)
    client.login(username="bob", password=PASSWORD)
    assert release(client, project, held[0].key).status_code == 403
    assert Lease.objects.filter(closed_at=None).count() == 5

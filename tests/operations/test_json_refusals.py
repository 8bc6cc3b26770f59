"""A page's script learns from a refusal whether waiting helps."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from labeller.projects.models import Project, User

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def test_a_reader_who_answers_is_told_in_json(project: Project, rita: User, client_of: Any) -> None:
    reply = client_of(rita).post(reverse("label-answer", args=[project.slug]), headers=JSON)
    assert reply.status_code == 403 and "You may read this project, not label it." in reply.json()["error"]


def test_somebody_who_is_no_member_is_told_in_json(project: Project, mallory: User, client_of: Any) -> None:
    reply = client_of(mallory).post(reverse("label-answer", args=[project.slug]), headers=JSON)
    assert reply.status_code == 404 and "not open to you any more" in reply.json()["error"]


def test_people_still_get_a_page(project: Project, rita: User, client_of: Any) -> None:
    reply = client_of(rita).post(reverse("label-answer", args=[project.slug]))
    assert reply.status_code == 403 and "text/html" in reply["Content-Type"]


def test_a_form_without_its_token_is_no_refusal_of_the_person(project: Project, bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    reply = client.post(reverse("label-answer", args=[project.slug]), headers=JSON)
    assert reply.status_code == 403 and "text/html" in reply["Content-Type"]

"""Texts of three kinds, some with answers, for lists to be made of."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from labeller.projects.access import Access
from labeller.projects.models import Membership
from labeller.search.finding import Found, find
from labeller.search.views import form_of
from tests.learning.scene import fill


@pytest.fixture
def texts(project):
    """Thirty texts, ten of each kind, the kinds taking turns: Change, Court, Other, Change, …"""
    return fill(project)


@pytest.fixture
def found(project, alice):
    """Make a list from an address, as Alice or somebody else: (query, person) -> Found."""

    def made(query: str, person=alice) -> Found:
        membership = Membership.objects.select_related("user").get(project=project, user=person)
        form = form_of(Access(project, membership), QueryDict(query), list(project.labels.all()))
        return find(project, membership, form.asked())

    return made

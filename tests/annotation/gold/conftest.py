"""Eighty texts, of which ten are gold."""

import pytest

from labeller.annotation.gold import make_gold
from labeller.projects.models import Project
from tests.annotation.acts import free_and_reserved
from tests.cast import add_texts


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Clause {number}" for number in range(80)])


@pytest.fixture
def golds(project, texts, alice, court):
    """Ten texts that may be slipped in at once, half of what is served while they last."""
    Project.objects.filter(pk=project.pk).update(gold_share=50)
    project.refresh_from_db()
    free = free_and_reserved(texts)[0]
    return [make_gold(project=project, by=alice, document=text, label_ids=[court.pk]) for text in free[-10:]]

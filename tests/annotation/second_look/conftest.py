"""Texts of two labels, one of which is to be looked at again."""

from __future__ import annotations

import pytest

from labeller.annotation.models import Annotation
from tests.annotation.acts import give, one
from tests.cast import add_texts


@pytest.fixture
def answered(project, bob, court) -> list[Annotation]:
    """Bob's answers to twelve texts: Court and Other by turns. More texts wait."""
    add_texts(project, [f"text {at}" for at in range(20)])
    other = project.labels.get(name="Other")
    return [give(project, bob, one(project, bob), court if at % 2 == 0 else other) for at in range(12)]

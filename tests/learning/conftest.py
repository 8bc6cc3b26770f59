"""What the tests of the loop share."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from modelsvc.evaluation import paired
from tests.learning.scene import LIGHT


@pytest.fixture
def one_text_fewer_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the thirty short texts the plain encoder has all ten of the audit right, and a tuned one may have nine. For
    tests of what follows when it serves."""
    monkeypatch.setattr(paired, "BEHIND", paired.WORSE)


@pytest.fixture
def light(settings: Settings) -> None:
    settings.RECIPE = LIGHT

"""What the tests of the loop share."""

from __future__ import annotations

import pytest

from labeller.learning import selectors
from modelsvc.evaluation import paired


@pytest.fixture
def one_text_fewer_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the thirty short texts the plain encoder has all ten of the audit right, and a tuned one may have nine. For
    tests of what follows when it serves."""
    monkeypatch.setattr(paired, "BEHIND", paired.WORSE)


@pytest.fixture
def few_audit_texts_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few there are: none of them teaches."""
    monkeypatch.setattr(selectors, "ENOUGH_TO_COMPARE", 0)

"""What the tests of the loop share."""

from __future__ import annotations

import pytest

from labeller.learning import bridge_plain


@pytest.fixture(autouse=True)
def one_text_fewer_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the thirty short texts the plain encoder has all ten of the audit right, and a tuned one may have nine: that
    is luck, and most of these tests are about what follows when it serves. test_plain_encoder is about the rest."""
    monkeypatch.setattr(bridge_plain, "BEHIND_ON_AUDIT", 0.2)

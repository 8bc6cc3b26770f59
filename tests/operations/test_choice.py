"""One word of a few, read from an environment variable."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from labeller import environment


@pytest.mark.parametrize(("given", "read"), [(None, "auto"), ("", "auto"), ("int8", "int8")])
def test_a_known_word_is_taken(monkeypatch: pytest.MonkeyPatch, given: str | None, read: str) -> None:
    if given is not None:
        monkeypatch.setenv("LABELLER_PRECISION", given)
    assert environment.choice("LABELLER_PRECISION", "auto", ("auto", "full", "int8")) == read


def test_another_word_stops_the_start_and_names_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELLER_PRECISION", "int4")
    with pytest.raises(ImproperlyConfigured, match="LABELLER_PRECISION=int4: use one of auto, full, int8"):
        environment.choice("LABELLER_PRECISION", "auto", ("auto", "full", "int8"))

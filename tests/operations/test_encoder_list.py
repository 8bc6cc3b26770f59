"""The owner's list of encoders, read from one environment variable."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from labeller import environment

BUNDLED = {"all-MiniLM-L6-v2": "bundled"}


def test_without_the_variable_there_is_the_bundled_one(monkeypatch):
    monkeypatch.delenv("LABELLER_ENCODERS", raising=False)
    assert environment.named("LABELLER_ENCODERS", BUNDLED) == BUNDLED


def test_folders_and_names_are_added_in_their_order(monkeypatch):
    monkeypatch.setenv("LABELLER_ENCODERS", "legal=/srv/models/legal-bert, e5.small = intfloat/e5-small-v2")
    found = environment.named("LABELLER_ENCODERS", BUNDLED)
    assert list(found.items())[1:] == [("legal", "/srv/models/legal-bert"), ("e5.small", "intfloat/e5-small-v2")]


@pytest.mark.parametrize(
    "value", ["/srv/models/legal-bert", "legal=", "=/srv/x", "a b=/srv/x", "12=/srv/x", "é=/srv/x"]
)
def test_anything_but_pairs_is_named(monkeypatch, value):
    monkeypatch.setenv("LABELLER_ENCODERS", f"good=/srv/good,{value}")
    with pytest.raises(ImproperlyConfigured, match="LABELLER_ENCODERS: write key=value") as caught:
        environment.named("LABELLER_ENCODERS", BUNDLED)
    assert f"'{value}'" in str(caught.value)


@pytest.mark.parametrize("value", ["legal=/a,legal=/b", "all-MiniLM-L6-v2=/a"])
def test_a_key_is_taken_once(monkeypatch, value):
    monkeypatch.setenv("LABELLER_ENCODERS", value)
    with pytest.raises(ImproperlyConfigured, match="a second time"):
        environment.named("LABELLER_ENCODERS", BUNDLED)

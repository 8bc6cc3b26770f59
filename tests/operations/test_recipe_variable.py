"""The owner's switches of a full run, read from one environment variable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from labeller import environment
from tests.operations.processes import python


@pytest.mark.parametrize("value", [None, "", "{}"])
def test_without_the_variable_nothing_is_changed(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("LABELLER_RECIPE", raising=False)
    if value is not None:
        monkeypatch.setenv("LABELLER_RECIPE", value)
    assert environment.json_object("LABELLER_RECIPE") == {}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{pseudo", "it is not JSON"),
        ("[1]", "write a JSON object"),
        ('{"epochs": 2, "epochs": 3}', "it names 'epochs' twice"),
        ('{"pairs": {"lr": 0.1, "lr": 0.2}}', "it names 'lr' twice"),
    ],
)
def test_anything_but_an_object_of_keys_named_once_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str, sentence: str
) -> None:
    monkeypatch.setenv("LABELLER_RECIPE", value)
    with pytest.raises(ImproperlyConfigured, match=f"LABELLER_RECIPE: {sentence}"):
        environment.json_object("LABELLER_RECIPE")


@pytest.mark.parametrize("command", ["up", "check"])
def test_a_switch_that_is_not_there_stops_the_start(tmp_path: Path, command: str) -> None:
    changes = {"LABELLER_HOME": str(tmp_path), "LABELLER_RECIPE": '{"pairs": {"stepps": 20}}'}
    done = python("manage.py", command, env=dict(os.environ) | changes)
    assert done.returncode == 1 and not list(tmp_path.glob("*.sqlite3"))
    assert "There is no switch 'pairs.stepps'; here are: lr," in done.stderr and "LABELLER_RECIPE" in done.stderr

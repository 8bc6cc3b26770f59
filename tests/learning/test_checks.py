"""Settings that would break the loop at night stop the start instead."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.conf import settings as live
from pytest_django import Settings

from labeller.learning.checks import check_queue, check_recipe


def test_the_settings_as_shipped_are_in_order() -> None:
    assert check_queue() == []


@pytest.mark.parametrize(
    ("cluster", "change", "ids"),
    [
        ("", {"retry": 3600}, ["learning.E001"]),
        ("training", {"retry": 10}, ["learning.E001"]),
        ("", {"ack_failures": False}, ["learning.E002"]),
        ("training", {"workers": 2}, ["learning.E004"]),
        ("", {"ALT_CLUSTERS": {}}, ["learning.E003"]),
    ],
)
def test_what_is_wrong_is_named(settings: Settings, cluster: str, change: dict[str, Any], ids: list[str]) -> None:
    queue = copy.deepcopy(live.Q_CLUSTER)
    (queue["ALT_CLUSTERS"][cluster] if cluster else queue).update(change)
    settings.Q_CLUSTER = queue
    found = check_queue()
    assert [problem.id for problem in found] == ids and found[0].hint


def test_a_switch_of_the_recipe_that_is_not_there_stops_the_start(settings: Settings) -> None:
    assert check_recipe() == []
    settings.RECIPE = {"fine_tuning": {"unfreze": 0.5}}
    (problem,) = check_recipe()
    assert problem.id == "learning.E005" and "There is no switch 'fine_tuning.unfreze'" in problem.msg
    assert "LABELLER_RECIPE" in (problem.hint or "")

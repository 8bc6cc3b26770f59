"""The owner's switches of a full run: whether they are in order, and where a version keeps them. Loads no torch."""

from __future__ import annotations

from typing import Any

from modelsvc.full_run.recipe_switches import UnknownSwitch, recipe_with

RECIPE = "recipe"  # in a version's settings: the switches that differ from the default


def what_is_wrong(switches: dict[str, Any]) -> str:
    """The sentence that names the first wrong switch; empty where all are in order."""
    try:
        recipe_with(switches)
    except UnknownSwitch as problem:
        return str(problem)
    return ""

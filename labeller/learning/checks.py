"""Bad settings of queue and recipe stop the start with an id and a hint, instead of starting a run twice at night."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

CHEAP = "cheap"  # the tag of what also commands check that leave the others out to start sooner


def register_all() -> None:
    register(check_queue)
    register(check_recipe, CHEAP)


def check_queue(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """The rules the loop relies on, for each cluster of Q_CLUSTER."""
    base = settings.Q_CLUSTER
    clusters = {base.get("name", "quick"): base} | {
        name: {**base, **own} for name, own in base.get("ALT_CLUSTERS", {}).items()
    }
    found: list[CheckMessage] = []
    for name, cluster in clusters.items():
        found += _check_cluster(name, cluster)
    if "training" not in clusters:
        hint = "Add it to Q_CLUSTER['ALT_CLUSTERS'] with one worker."
        found.append(Error("There is no cluster 'training': nothing would fine-tune.", hint=hint, id="learning.E003"))
    return found


def check_recipe(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """The switches of the recipe, before a run of minutes fails by one."""
    if not settings.RECIPE:
        return []
    from labeller.learning.bridges.recipe import what_is_wrong  # a web process loads nothing of the learner

    problem = what_is_wrong(settings.RECIPE)
    hint = "LABELLER_RECIPE in docs/engineers.md says what may stand there."
    return [Error(problem, hint=hint, id="learning.E005")] if problem else []


def _check_cluster(name: str, cluster: dict[str, Any]) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if cluster["retry"] <= cluster["timeout"]:
        message = f"Cluster '{name}': retry ({cluster['retry']} s) must be more than timeout ({cluster['timeout']} s)."
        hint = "Otherwise the broker hands a task out again while it still runs."
        found.append(Error(message, hint=hint, id="learning.E001"))
    if not cluster.get("ack_failures"):
        hint = "Set ack_failures to True: the row of a failed run has its reason."
        found.append(Error(f"Cluster '{name}' would repeat failed tasks for ever.", hint=hint, id="learning.E002"))
    if name == "training" and cluster.get("workers") != 1:
        hint = "Set its workers to 1; for more, start another training cluster on another machine."
        found.append(Error("Cluster 'training' must have one worker.", hint=hint, id="learning.E004"))
    return found

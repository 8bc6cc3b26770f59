"""What a person is told of the model's guess, and whether at all."""

from __future__ import annotations

import uuid
from typing import Protocol

from labeller.annotation.models import Source
from labeller.projects.models import Project

MULTI_SUGGESTED_FROM = 0.5


class Asked(Protocol):
    """A text in somebody's hands: a lease, or what was served of it."""

    @property
    def prediction(self) -> dict[str, float] | None: ...
    @property
    def suggestion_shown(self) -> bool | None: ...
    @property
    def suggestion_policy(self) -> str: ...


def is_shown(project: Project, source: str, prediction: dict[str, float] | None, lease_key: uuid.UUID) -> bool | None:
    """Whether the suggestion is shown with this lease, decided once, when the text is handed out; None without one: no
    model has read the text, or of several labels none reaches one half, so that there is nothing to show or to hide.

    Never for audit texts and gold: a suggestion seen before the answer would make model and people look better than
    they are. "half" is a fair coin for each lease, the last bit of its random key: only so can shown and hidden
    suggestions be compared.
    """
    if not guess(prediction, multi_label=project.is_multi):
        return None
    if source in (Source.AUDIT, Source.GOLD):
        return False
    if project.suggestions == Project.Suggestions.HALF:
        return bool(lease_key.int & 1)
    return project.suggestions == Project.Suggestions.SHOWN


def suggested(project: Project, asked: Asked) -> dict[str, float]:
    """Label id -> probability of the labels that the model suggests; none where the suggestion is not shown. A manager
    who hides them hides also those of texts that were handed out before."""
    if not asked.suggestion_shown or project.suggestions == Project.Suggestions.HIDDEN:
        return {}
    return guess(asked.prediction, multi_label=project.is_multi)


def policy_at_answer(project: Project, asked: Asked) -> str:
    """The policy that decided whether the suggestion was seen: that of the moment when the text was handed out, unless
    the manager has hidden all since. Then nobody knows whether it was seen before."""
    return Project.Suggestions.HIDDEN if project.suggestions == Project.Suggestions.HIDDEN else asked.suggestion_policy


def guess(prediction: dict[str, float] | None, *, multi_label: bool) -> dict[str, float]:
    """The labels that a prediction amounts to: the likeliest, or with several labels per text all from one half on."""
    if not prediction:
        return {}
    if multi_label:
        return {label: p for label, p in prediction.items() if p >= MULTI_SUGGESTED_FROM}
    likeliest = max(prediction, key=prediction.__getitem__)
    return {likeliest: prediction[likeliest]}

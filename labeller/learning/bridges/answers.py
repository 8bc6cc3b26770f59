"""What the newest quick model says of the whole pool: written by the refit that put the queue in order, read by pages
that look for texts by it. Derived, not a fact: what a model said before an answer is kept with the answer."""

from __future__ import annotations

from labeller.learning import artifacts
from labeller.learning.bridges.material import Refit
from labeller.projects.models import Project
from modelsvc.heads.quick import decide
from modelsvc.stores.pool_answers import PoolAnswers
from modelsvc.types import Head, Proba


def keep_answers(material: Refit, proba: Proba, head: Head) -> None:
    """In the place of those of the refit before. `proba` is (N, C) over the whole pool."""
    answers = PoolAnswers.of(material.pool.ids, material.labels.label_ids, proba, decide(head, proba))
    answers.save(artifacts.pool_answers_path(material.project.pk))


def pool_answers(project: Project) -> PoolAnswers | None:
    """None before the first model."""
    return PoolAnswers.load(artifacts.pool_answers_path(project.pk))

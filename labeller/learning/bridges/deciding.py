"""Who says which model serves: the audit, or the labels at hand."""

from __future__ import annotations

from labeller.learning.bridges.pool import Labelled, reader_of
from labeller.learning.triggers import ENOUGH_CARRYING, enough_audit
from labeller.projects.models import Project


def audit_can_tell(project: Project, labels: Labelled) -> bool:
    """Whether the audit has texts enough to judge a model, also one that has been switched off since."""
    gold = labels.Y[labels.is_audit]
    if len(gold) < enough_audit(len(labels.Y)):
        return False
    return not project.is_multi or int(gold.any(axis=1).sum()) >= ENOUGH_CARRYING


def audit_decides(project: Project, labels: Labelled) -> bool:
    """Whether the audit says which model serves, and nothing serves while it cannot tell. Else, as where there is no
    audit, the labels at hand are asked."""
    return audit_can_tell(project, labels) or (project.audit and another_serves(project))


def another_serves(project: Project) -> bool:
    """Whether a model serves that was tuned from another encoder than the project's is now. The labels at hand hold a
    tuned encoder against the one it came from alone."""
    base = reader_of(project).base
    return base is not None and base.encoder != project.encoder

"""Who says which model serves, the audit or the labels at hand; and whether the audit's texts may teach meanwhile."""

from __future__ import annotations

from labeller.learning.bridges.pool import Labelled
from labeller.learning.models import ModelVersion
from labeller.learning.selectors import another_serves, audit_teaches
from labeller.learning.triggers import ENOUGH_CARRYING, enough_audit
from labeller.projects.models import Project

AUDIT_TAUGHT = "audit_taught"  # in a full version's settings: how many audit texts its encoder has learnt from


def for_a_run(project: Project, labels: Labelled) -> Labelled:
    """The labels as a full run that begins now takes them: audit texts too few to compare models by teach too."""
    return labels.all_teaching() if audit_teaches(project, int(labels.is_audit.sum())) else labels


def for_heads_over(base: ModelVersion | None, labels: Labelled) -> Labelled:
    """The labels as heads over the encoder of `base` take them: one that has learnt from audit texts is not scored,
    nor is any head over it."""
    return labels.all_teaching() if base is not None and learnt_from_audit(base) else labels


def learnt_from_audit(version: ModelVersion) -> bool:
    """Whether the encoder of this full version was tuned on audit texts, which therefore say nothing of it."""
    return bool(version.settings.get(AUDIT_TAUGHT))


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

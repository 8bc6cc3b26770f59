"""The audit stream: which texts are set apart to measure models, and when the next of them is served.

Honest accuracy needs answers to texts drawn uniformly at random over the whole pool, whatever the model would have
chosen. Every text carries a uniform number for life (`Document.draw`); the texts below a threshold are the reserve.
No strategy may choose from it; it is served in the order of the draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labeller.projects.models import Project

# (audit labels until which the stage lasts, every how many-th text is an audit text)
STAGES: tuple[tuple[int, int], ...] = ((40, 3), (100, 5))
LAST_STAGE = 10
CATCHING_UP = 3  # every how many-th text is an audit text while those of a later import have been passed over

LEAST_SHARE, LARGEST_SHARE, WANTED_TEXTS = 0.2, 0.5, 150


def quota(texts: int) -> int:
    """How many of the first `texts` served texts belong to the audit stream.

    Every third text until 40 audit labels, every fifth until 100, every tenth after.
    """
    audit = 0
    for until, every in STAGES:
        in_stage = (until - audit) * every
        if texts < in_stage:
            return audit + texts // every
        texts -= in_stage
        audit = until
    return audit + texts // LAST_STAGE


def audit_is_due(texts: int, audit: int) -> bool:
    """Whether the next text should come from the audit stream, after `texts` of which `audit` were audit texts."""
    return audit < quota(texts + 1)


def catch_up_is_due(texts: int) -> bool:
    """The same while texts of a later import wait that the audit had passed over, however many came before them."""
    return texts % CATCHING_UP == CATCHING_UP - 1


def audit_threshold(pool_size: int) -> float:
    """The share of the pool set apart: a fifth, more of a small pool so that 150 texts can be had, never over half."""
    if pool_size <= 0:
        return LARGEST_SHARE
    return max(LEAST_SHARE, min(LARGEST_SHARE, WANTED_TEXTS / pool_size))


def reserve_below(project: Project, pool_size: int) -> float:
    """The draw below which a text of this project belongs to the reserve: 0, so none does, where the audit is off."""
    return audit_threshold(pool_size) if project.audit else 0.0

"""What the workers of the cluster "quick" run. Named by dotted path."""

from __future__ import annotations

from labeller.search import bulk


def carry_on(act_id: int) -> None:
    """Go on with an act on many texts."""
    bulk.carry_on(act_id)

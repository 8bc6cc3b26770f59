"""What the workers of the cluster "quick" run. Named by dotted path."""

from __future__ import annotations

from labeller.notices import delivering


def deliver(delivery_id: int) -> None:
    delivering.deliver(delivery_id)

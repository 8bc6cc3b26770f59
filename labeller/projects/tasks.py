"""What the workers of the cluster "quick" run. Named by dotted path."""

from __future__ import annotations

from labeller.projects import deleting


def delete_project(project_id: int) -> None:
    deleting.carry_on(project_id)

"""Conditions on a row's project that a conditional update may carry."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from labeller.projects.models import Project


def of_project(**conditions: Any) -> Exists:
    """Rows whose project meets the conditions, for `filter(of_project(archived_at=None), …).update(…)`.

    Written across the relation, `project__archived_at=None`, Django looks up all rows in a subquery and updates those
    it found. PostgreSQL does not run that again for a row on which the update had to wait (READ COMMITTED), so two
    processes that want one row both get it.
    """
    return Exists(Project.objects.filter(pk=OuterRef("project_id"), **conditions))

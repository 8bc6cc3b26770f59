"""Updates that ask for something of the row's project."""

from __future__ import annotations

import pytest
from django.utils import timezone

from labeller.projects import conditions
from labeller.projects.conditions import of_project
from labeller.projects.models import Invitation, Project, User


def test_find_the_rows_of_such_projects_alone(project: Project, alice: User) -> None:
    Invitation.objects.create(project=project, role="annotator", created_by=alice)
    open_ones = Invitation.objects.filter(of_project(archived_at=None))
    assert open_ones.update(revoked_at=timezone.now()) == 1
    Project.objects.update(archived_at=timezone.now())
    assert open_ones.update(revoked_at=timezone.now()) == 0


def test_reach_across_no_relation_which_would_grant_one_row_to_two_on_postgresql(project: Project) -> None:
    source = "rows.filter(project__archived_at=None).update(revoked_at=None)"
    with pytest.raises(AssertionError, match="updates across a relation"):
        exec(compile(source, conditions.__file__, "exec"), {"rows": Invitation.objects.all()})

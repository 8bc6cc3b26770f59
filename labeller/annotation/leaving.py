"""Giving texts back when the page that held them is left, so that nobody waits ten minutes for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from labeller.annotation.models import Lease
from labeller.annotation.turn import turn
from labeller.projects.models import Project, User


def give_back(*, project: Project, annotator: User, held: Mapping[UUID, datetime]) -> int:
    """Close these leases of this person: key -> the expiry that the page was told of. Returns how many were closed.

    A lease with another expiry has been renewed since by another page of this person, a reload of the first one say:
    browsers tell of the old page's end after the new one has come. Such a lease stays open.
    """
    if not held:
        return 0
    as_told = reduce(or_, (Q(key=key, expires_at=until) for key, until in held.items()))
    with turn(project):
        return Lease.objects.filter(as_told, project=project, annotator=annotator, closed_at=None).update(
            closed_at=timezone.now()
        )

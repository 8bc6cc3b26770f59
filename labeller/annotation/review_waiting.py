"""How many texts wait in the review: in the menu of every page and on the project's first one."""

from __future__ import annotations

from django.core.cache import cache

from labeller.annotation.review_selectors import QUEUES
from labeller.projects.models import Project

FRESH = 20  # seconds: pages are opened more often than texts come into the review


def waiting(project: Project, *, now: bool = False) -> int:
    """Of its three queues, each text once. One query now and then; at once where that is asked for."""
    key = f"review-waiting-{project.pk}"
    known: int | None = None if now else cache.get(key)
    if known is None:
        first, *others = (queue.texts(project).order_by().values("pk") for queue in QUEUES.values())
        known = first.union(*others).count()
        cache.set(key, known, FRESH)
    return known

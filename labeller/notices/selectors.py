"""What is news to a person, and what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from labeller.notices.models import Delivery, Notice, NoticeSettings, SeenNotices
from labeller.projects.models import Membership, Project

NEWS = timedelta(days=1)
AT_ONCE = 20


@dataclass(frozen=True)
class News:
    """What a person has not put away: the newest notice that stays, else the newest, and how many there are."""

    shown: Notice | None
    count: int

    @property
    def marker(self) -> str:
        """Changes when what is shown does."""
        return f"{self.shown.pk}-{self.count}" if self.shown else ""


def news_for(membership: Membership) -> News:
    """One query. Nothing from before they joined, and nothing older than a day."""
    seen = SeenNotices.objects.filter(project=OuterRef("project"), user_id=membership.user_id)
    notices = Notice.objects.filter(
        project_id=membership.project_id,
        kind__in=Notice.ANNOUNCED,
        created_at__gt=max(membership.joined_at, timezone.now() - NEWS),
        pk__gt=Coalesce(Subquery(seen.values("upto")[:1]), 0),
    )
    found = list(notices.select_related("run").defer("run__log").order_by("-pk")[:AT_ONCE])
    newest = found[0] if found else None
    return News(next((notice for notice in found if notice.stays), newest), len(found))


def settings_of(project: Project) -> NoticeSettings:
    """Those stored, or the usual ones."""
    return NoticeSettings.objects.filter(project=project).first() or NoticeSettings(project=project)


def recent_deliveries(project: Project, *, count: int = 20) -> QuerySet[Delivery]:
    return Delivery.objects.select_related("notice").filter(notice__project=project).order_by("-pk")[:count]

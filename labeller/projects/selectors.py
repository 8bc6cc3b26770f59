"""Reads over projects, labels and members."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from labeller.projects.models import Invitation, Label, Membership, Project, Role, User


def projects_of(user: User) -> QuerySet[Membership]:
    """The user's memberships with their open projects, newest project first."""
    return (
        Membership.objects.filter(user=user, project__archived_at=None)
        .select_related("project")
        .annotate(people=Count("project__memberships"))
        .order_by("-project__created_at", "-project_id")
    )


@dataclass(frozen=True)
class Archived:
    """What a person may bring back or delete, the last archived first."""

    projects: list[Project]

    @property
    def is_busy(self) -> bool:
        """Whether one is being deleted."""
        return any(project.is_going for project in self.projects)

    @property
    def may_come_back(self) -> bool:
        """Whether one is not being deleted."""
        return any(not project.is_going for project in self.projects)

    @property
    def marker(self) -> str:
        """Changes when what is shown does."""
        return ".".join(f"{project.pk}{_state_of(project)}" for project in self.projects)


def _state_of(project: Project) -> str:
    if not project.is_going:
        return ""
    return "s" if project.deletion_is_stuck else "x"


def archived_of(user: User) -> Archived:
    """The archived projects that the user manages. One query."""
    managed = Membership.objects.filter(user=user, role=Role.MANAGER).values("project")
    rows = Project.objects.filter(pk__in=managed, archived_at__isnull=False)
    return Archived(list(rows.order_by("-archived_at", "-id")))


def may_create_projects(user: User) -> bool:
    """The server's staff may, and whoever manages a project already."""
    return user.is_staff or Membership.objects.filter(user=user, role=Role.MANAGER).exists()


def is_open(project: Project) -> bool:
    """Whether it is there and not archived, as the database has it now."""
    return Project.objects.filter(pk=project.pk, archived_at=None).exists()


def is_last_managed(user: User, project: Project) -> bool:
    """Whether the user may make no other project once this one is gone."""
    others = Membership.objects.filter(user=user, role=Role.MANAGER, project__deletion_asked_at=None)
    return not user.is_staff and not others.exclude(project=project).exists()


def members_of(project: Project) -> QuerySet[Membership]:
    return project.memberships.select_related("user").order_by("joined_at", "id")


def who_label(project: Project) -> QuerySet[Membership]:
    """Of the members those who may be asked to label: not readers, nor accounts that are switched off."""
    return project.memberships.filter(role__in=[Role.MANAGER, Role.ANNOTATOR], user__is_active=True)


def open_invitations(project: Project) -> QuerySet[Invitation]:
    return project.invitations.filter(
        accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now()
    ).order_by("expires_at")


def uses_of(label: Label) -> int:
    """How many rows (answers, above all, superseded ones too) name this label. The tables are found through the
    model's own relations: the apps above this one add theirs, and this one need not know them. What names a label that
    was merged into this one names this one."""
    named = Label.everything.filter(Q(pk=label.pk) | Q(read_as=label.pk))
    return sum(
        relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": named}).distinct().count()
        for relation in Label._meta.related_objects
    )


def merged_labels(project_id: int) -> dict[int, int]:
    """Each merged label's id -> the id of the label that its answers are read as."""
    return dict(Label.everything.filter(project_id=project_id).exclude(read_as=None).values_list("pk", "read_as_id"))


def labels_in_use(project: Project) -> bool:
    """Whether anything that can carry a label belongs to the project. An answer without one, "none of these", was
    given under the project's kind as much as any other."""
    return any(
        relation.related_model._default_manager.filter(project=project).exists()
        for relation in Label._meta.related_objects
    )


def is_started(project: Project) -> bool:
    """Whether anything beyond labels and people belongs to the project: texts, an import, a run."""
    return any(
        relation.related_model._default_manager.filter(**{relation.field.name: project}).exists()
        for relation in Project._meta.related_objects
        if relation.related_model._meta.app_label != Project._meta.app_label
    )

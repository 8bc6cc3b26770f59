"""Inviting people by link: one person, one role, once, within fourteen days."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.projects.conditions import of_project
from labeller.projects.models import Invitation, Membership, Project, User

SESSION_KEY = "invitation"  # the token, in the session of a stranger who may therefore make an account


class InvitationClosed(Exception):
    """The link opens nothing any more; the message is a sentence that says why."""


class AlreadyMember(Exception):
    """Whoever follows the link is in the project; the link stays good for somebody else."""


def invite(*, project: Project, role: str, created_by: User) -> Invitation:
    return Invitation.objects.create(project=project, role=role, created_by=created_by)


def revoke(*, invitation: Invitation) -> bool:
    """Close the link. False when it had been used or closed already."""
    return bool(
        Invitation.objects.filter(pk=invitation.pk, accepted_at__isnull=True, revoked_at__isnull=True).update(
            revoked_at=timezone.now()
        )
    )


def why_closed(invitation: Invitation) -> str:
    """One sentence, empty while the invitation is open."""
    if invitation.accepted_at is not None:
        return _("This invitation has been used. Each works once. Ask whoever sent it for a new one.")
    if invitation.revoked_at is not None:
        return _("This invitation has been withdrawn. Ask whoever sent it for a new one.")
    if invitation.project.is_archived:
        told = {"project": invitation.project}
        return _("“%(project)s” is archived: nobody can join it now. Ask whoever sent the invitation.") % told
    if not invitation.is_open:
        days = {"days": Invitation.LIFETIME_DAYS}
        return _("This invitation expired after %(days)s days. Ask whoever sent it for a new one.") % days
    return ""


def accept(*, invitation: Invitation, user: User) -> Membership:
    """Make the user a member. Raises AlreadyMember, or InvitationClosed when the link is used, withdrawn or expired, or
    the project archived.

    Two people with one link: the conditional update finds the open row once, so one of them comes in.
    """
    with transaction.atomic():
        if Membership.objects.filter(project_id=invitation.project_id, user=user).exists():
            raise AlreadyMember(_("You are a member of %(project)s already.") % {"project": invitation.project})
        now = timezone.now()
        claimed = Invitation.objects.filter(
            of_project(archived_at=None),
            pk=invitation.pk,
            accepted_at__isnull=True,
            revoked_at__isnull=True,
            expires_at__gt=now,
        ).update(accepted_at=now, accepted_by=user)
        if not claimed:
            invitation.refresh_from_db()
            raise InvitationClosed(why_closed(invitation))
        return Membership.objects.create(project_id=invitation.project_id, user=user, role=invitation.role)

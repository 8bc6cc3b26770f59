"""Accounts are closed: nobody signs up without an invitation, and who signs up by one is a member at once."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from labeller.projects import invitations
from labeller.projects.models import Invitation, User

NOWHERE = ("console", "dummy", "locmem", "filebased")  # back ends that send nothing to anybody


def email_works() -> bool:
    """Whether a letter would reach somebody: a password reset that only prints to a terminal is not offered."""
    return not any(f".{name}." in settings.EMAIL_BACKEND for name in NOWHERE)


def invitation_of(request: HttpRequest) -> Invitation | None:
    """The open invitation that this visitor came with, if any."""
    token = request.session.get(invitations.SESSION_KEY)
    invitation = Invitation.objects.select_related("project").filter(token=token).first() if token else None
    return invitation if invitation is not None and invitation.is_open else None


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether this visitor may make an account: only with an open invitation in the session."""
        return invitation_of(request) is not None

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Save the account and use the invitation in one transaction: without the membership there is no account.

        Raises ImmediateHttpResponse when somebody else used the link in this moment.
        """
        invitation = invitation_of(request)
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit=commit)
                if invitation is None:
                    raise invitations.InvitationClosed(_("This invitation is no longer open."))
                invitations.accept(invitation=invitation, user=saved)
        except invitations.InvitationClosed as closed:
            request.session.pop(invitations.SESSION_KEY, None)
            messages.error(request, str(closed))
            raise ImmediateHttpResponse(redirect("account_signup")) from closed
        request.session.pop(invitations.SESSION_KEY, None)
        return saved

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """The right password of an account that the owner has switched off."""
        messages.error(
            request, _("The account %(user)s is switched off. Ask whoever runs this server.") % {"user": user}
        )
        return redirect("account_login")

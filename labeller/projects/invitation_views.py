"""Following an invitation. These pages are public: the token in the address is the right to see them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from labeller.projects import invitations
from labeller.projects.access import LabellerRequest
from labeller.projects.models import Invitation, Membership


def _invitation(token: str) -> Invitation:
    found = Invitation.objects.select_related("project", "created_by").filter(token=token).first()
    if found is None:
        raise Http404("No such invitation.")
    return found


@login_not_required
@never_cache
@require_GET
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found = _invitation(token)
    if request.user.is_authenticated and Membership.objects.filter(project=found.project, user=request.user).exists():
        return redirect("project", found.project.slug)
    closed = invitations.why_closed(found)
    context = {"invitation": found, "closed": closed}
    return render(request, "projects/invitation.html", context, status=410 if closed else 200)


@require_POST
def accept(request: LabellerRequest, token: str) -> HttpResponse:
    found = _invitation(token)
    try:
        invitations.accept(invitation=found, user=request.user)
    except invitations.AlreadyMember as member:
        messages.info(request, str(member))
    except invitations.InvitationClosed:
        return redirect("invitation", token)  # which says why
    else:
        messages.success(request, _("Welcome to %(project)s.") % {"project": found.project})
    return redirect("project", found.project.slug)


@login_not_required
@require_POST
def make_account(request: HttpRequest, token: str) -> HttpResponse:
    """Open the sign-up page for this visitor alone: the session carries the token, the address does not."""
    found = _invitation(token)
    if not found.is_open:
        return redirect("invitation", token)
    request.session[invitations.SESSION_KEY] = token
    return redirect(f"{reverse('account_signup')}?next={reverse('project', args=[found.project.slug])}")

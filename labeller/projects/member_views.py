"""The members of a project and the invitations to it, for its managers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from labeller.projects import invitations
from labeller.projects.access import Access, LabellerRequest, managed_project_for
from labeller.projects.confirmation import confirmation_page
from labeller.projects.forms import RoleForm
from labeller.projects.models import Invitation, Membership, Role
from labeller.projects.selectors import members_of, open_invitations
from labeller.projects.services import LastManager, MemberGone, change_role, remove_member


def _page(request: LabellerRequest, access: Access, form: RoleForm, status: int = 200) -> HttpResponse:
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "settings",
        "tab": "members",
        "members": members_of(access.project),
        "invitations": open_invitations(access.project),
        "site": request.build_absolute_uri("/").rstrip("/"),
        "roles": Role,
        "form": form,
    }
    return render(request, "projects/members.html", context, status=status)


@require_GET
def members(request: LabellerRequest, slug: str) -> HttpResponse:
    return _page(request, managed_project_for(request, slug), RoleForm())


@require_POST
def invite(request: LabellerRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    invitations.invite(project=access.project, role=form.cleaned_data["role"], created_by=request.user)
    messages.success(request, _("The link is ready below. Send it to one person; it works once."))
    return redirect("members", slug)


@require_POST
def role(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    access = managed_project_for(request, slug)
    member = get_object_or_404(Membership, pk=pk, project=access.project)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    try:
        change_role(membership=member, role=form.cleaned_data["role"])
    except (LastManager, MemberGone) as error:
        messages.error(request, str(error))
    else:
        told = {"name": member.user, "role": member.role_in_words}
        messages.success(request, _("%(name)s is now %(role)s.") % told)
    # Who has just given up the manager's role may not see the members' page any more.
    still_manager = member.user_id != request.user.pk or member.may_manage
    return redirect("members" if still_manager else "project", slug)


@require_http_methods(["GET", "POST"])
def remove(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    member = get_object_or_404(Membership.objects.select_related("user"), pk=pk, project=access.project)
    if request.method != "POST":
        name, oneself = {"name": member.user}, member.user_id == request.user.pk
        return confirmation_page(
            request,
            access,
            question=_("Remove yourself from this project?")
            if oneself
            else _("Remove %(name)s from this project?") % name,
            effect=_("Access ends at once; only a new invitation brings it back. Answers given so far stay."),
            action=_("Remove yourself") if oneself else _("Remove %(name)s") % name,
            back=reverse("members", args=[slug]),
            tab="members",
        )
    try:
        remove_member(membership=member)
    except LastManager as error:
        messages.error(request, str(error))
        return redirect("members", slug)
    said = _("%(name)s is no longer a member. Answers given so far stay.") % {"name": member.user}
    messages.success(request, said)
    return redirect("projects") if member.user_id == request.user.pk else redirect("members", slug)


@require_http_methods(["GET", "POST"])
def revoke(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    invitation = get_object_or_404(Invitation, pk=pk, project=access.project)
    if request.method != "POST":
        return confirmation_page(
            request,
            access,
            question=_("Withdraw the link for one %(role)s?") % {"role": invitation.role_in_words},
            effect=_("Whoever has it can no longer join by it. You can make a new link at any time."),
            action=_("Withdraw the link"),
            back=reverse("members", args=[slug]),
            tab="members",
        )
    if invitations.revoke(invitation=invitation):
        messages.success(request, _("The link is withdrawn. Nobody can join by it any more."))
    else:
        messages.info(request, _("That link was used or withdrawn already."))
    return redirect("members", slug)

"""Access is a fetch: a stranger gets 404, a member without the right gets 403, and no view spells the rule again."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from labeller.projects.models import Membership, Project, User


class LabellerRequest(HttpRequest):
    """The request as every view here sees it: somebody is signed in, htmx's headers are read."""

    user: User
    htmx: HtmxDetails


@dataclass(frozen=True)
class Access:
    project: Project
    membership: Membership


class ProjectClosed(PermissionDenied):
    """The project is archived, or on its way out; the message is a sentence for the page."""


def project_for(request: HttpRequest, slug: str, *, archived_too: bool = False) -> Access:
    """The project, for any member of it. Raises Http404 for strangers and unknown slugs alike, and ProjectClosed once
    it is archived, but for what is done to archived ones."""
    membership = (
        Membership.objects.select_related("project").filter(project__slug=slug, user_id=request.user.pk or 0).first()
    )
    if membership is None:
        raise Http404("No such project among yours.")
    if membership.project.is_archived and not archived_too:
        raise ProjectClosed(_why_closed(membership.project))
    return Access(membership.project, membership)


def labelling_project_for(request: HttpRequest, slug: str) -> Access:
    """The project, for those who may label. Raises Http404, or PermissionDenied for readers and for a page that was
    opened by somebody else: what it sends in the field `user` is not the person signed in now."""
    access = project_for(request, slug)
    _check_sender(request, access)
    if not access.membership.may_label:
        raise PermissionDenied(_("You may read this project, not label it. Ask its manager for the annotator role."))
    return access


def managed_project_for(request: HttpRequest, slug: str, *, archived_too: bool = False) -> Access:
    """The project, for its managers. Raises Http404, or PermissionDenied for other members."""
    access = project_for(request, slug, archived_too=archived_too)
    if not access.membership.may_manage:
        raise PermissionDenied(_("Only a manager of this project may do that."))
    return access


def answers_project_for(request: HttpRequest, slug: str) -> Access:
    """The project, for those who may see what others said of single texts: managers and readers. Raises Http404, or
    PermissionDenied for annotators, who answer blind to each other."""
    access = project_for(request, slug)
    if not access.membership.may_see_answers:
        raise PermissionDenied(
            _("This shows what others answered, and annotators answer without knowing. Ask a manager of this project.")
        )
    return access


def _why_closed(project: Project) -> str:
    if project.is_going:
        return _("“%(project)s” is being deleted for good.") % {"project": project}
    return _("“%(project)s” is archived. A manager of it can bring it back from their list of projects.") % {
        "project": project
    }


def _check_sender(request: HttpRequest, access: Access) -> None:
    """Another tab may have signed in somebody else meanwhile; the old page must not answer in that name."""
    sender = request.POST.get("user", "")
    if sender in ("", str(request.user.pk)):
        return
    names = {str(pk): name for pk, name in access.project.memberships.values_list("user_id", "user__username")}
    now = request.user.get_username()
    if sender not in names:
        raise PermissionDenied(
            _("You are signed in as %(now)s now; sign in as the person who gave them to save these.") % {"now": now}
        )
    raise PermissionDenied(
        _("You are signed in as %(now)s now; sign in as %(who)s to save these.") % {"now": now, "who": names[sender]}
    )

"""Access is a fetch: a stranger gets 404, a member without the right gets 403, and no view spells the rule again."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
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


def project_for(request: HttpRequest, slug: str) -> Access:
    """The project, for any member of it. Raises Http404 for strangers and unknown slugs alike."""
    membership = (
        Membership.objects.select_related("project").filter(project__slug=slug, user_id=request.user.pk or 0).first()
    )
    if membership is None:
        raise Http404("No such project among yours.")
    return Access(membership.project, membership)


def labelling_project_for(request: HttpRequest, slug: str) -> Access:
    """The project, for those who may label. Raises Http404, or PermissionDenied for readers."""
    access = project_for(request, slug)
    if not access.membership.may_label:
        raise PermissionDenied("You may read this project, not label it. Ask its manager for the annotator role.")
    return access


def managed_project_for(request: HttpRequest, slug: str) -> Access:
    """The project, for its managers. Raises Http404, or PermissionDenied for other members."""
    access = project_for(request, slug)
    if not access.membership.may_manage:
        raise PermissionDenied("Only a manager of this project may do that.")
    return access

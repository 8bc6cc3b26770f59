"""The encoder check on the project's page: its state while something goes on, and the manager's three buttons."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from labeller.learning import encoders, selectors, services
from labeller.learning.models import EncoderCheck
from labeller.learning.views import back
from labeller.projects.access import managed_project_for


@require_GET
def status(request: HttpRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    missing = [] if selectors.workers_alive("training") else ["training"]
    status = encoders.encoder_status(access.project, missing=missing)
    if status is None:
        raise Http404("There is one language model on this server.")
    context = {"project": access.project, "membership": access.membership, "encoders": status}
    return render(request, "learning/_encoders.html", context)


@require_POST
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    try:
        services.start_check(project=access.project, requested_by=access.membership.user)
    except services.RunRefused as refusal:
        messages.warning(request, str(refusal))
    return back(request, slug)


@require_POST
def decide(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """`decision` is "taken" or "declined"."""
    access = managed_project_for(request, slug)
    check = get_object_or_404(EncoderCheck, project=access.project, key=key)
    try:
        if request.POST.get("decision") == EncoderCheck.Decision.TAKEN:
            encoders.take(check=check, by=access.membership.user)
            said = _("%(encoder)s reads the texts now. Labelling goes on meanwhile.") % {"encoder": check.proposed}
            messages.success(request, said)
        elif request.POST.get("decision") == EncoderCheck.Decision.DECLINED:
            encoders.decline(check=check, by=access.membership.user)
        else:
            messages.warning(request, _("Choose one of the two."))
    except encoders.DecisionRefused as refusal:
        messages.warning(request, str(refusal))
    return back(request, slug)

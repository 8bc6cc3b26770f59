"""The button that has the answers weighed again, and how far that is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from labeller.annotation.selectors import answers_with_labels
from labeller.learning import services
from labeller.learning.views import back
from labeller.learning.weighing import weighing_of
from labeller.projects.access import managed_project_for


@require_GET
def status(request: HttpRequest, slug: str) -> HttpResponse:
    """The fragment, polled while a run is under way. `seen` is the reading that the page shows."""
    access = managed_project_for(request, slug)
    context = {"project": access.project, "membership": access.membership, "weighing": weighing_of(access.project)}
    return render(request, "learning/_weighing.html", context | {"seen": request.GET.get("seen", "")})


@require_POST
def weigh(request: HttpRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    answers = answers_with_labels(access.project)
    if not services.start_weighing(project=access.project, answers=answers, requested_by=access.membership.user):
        messages.info(request, _("The answers are being weighed already."))
    return back(request, slug)

"""The live region of every project page, and the settings of what is sent out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from labeller.learning.views import back
from labeller.notices import selectors, services
from labeller.notices.forms import NoticeForm
from labeller.projects.access import Access, LabellerRequest, managed_project_for, project_for
from labeller.projects.accounts import email_works


@require_GET
def news(request: HttpRequest, slug: str) -> HttpResponse:
    """204 while nothing new has happened."""
    access = project_for(request, slug)
    found = selectors.news_for(access.membership)
    if request.GET.get("seen", "") == found.marker:
        return HttpResponse(status=204)
    return render(request, "notices/_news.html", {"project": access.project, "news": found})


@require_POST
def put_away(request: LabellerRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    upto = request.POST.get("upto", "")
    if upto.isdecimal() and len(upto) < 19:
        services.put_away(project=access.project, user=request.user, upto=int(upto))
    if not request.htmx:
        return back(request, slug)
    found = selectors.news_for(access.membership)
    return render(request, "notices/_news.html", {"project": access.project, "news": found})


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    stored = selectors.settings_of(access.project)
    initial = {
        "addresses": "\n".join(stored.addresses),
        "webhook": stored.webhook,
        "on_failure": stored.on_failure,
        "on_stop": stored.on_stop,
    }
    form = NoticeForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        services.change_settings(project=access.project, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("notice-settings", slug)
    context = _page(access) | {"form": form, "may_test": bool(stored.addresses or stored.webhook)}
    return render(request, "notices/settings.html", context, status=422 if form.is_bound else 200)


@require_POST
def test(request: LabellerRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    try:
        services.send_test(project=access.project, by=request.user)
    except services.NoTestNow as refusal:
        messages.warning(request, str(refusal))
    return redirect("notice-settings", slug)


@require_GET
def deliveries(request: HttpRequest, slug: str) -> HttpResponse:
    """The list of the settings page, polled while something is on its way."""
    return render(request, "notices/_deliveries.html", _page(managed_project_for(request, slug)))


def _page(access: Access) -> dict[str, object]:
    sent = list(selectors.recent_deliveries(access.project))
    return {
        "project": access.project,
        "membership": access.membership,
        "section": "settings",
        "tab": "notices",
        "deliveries": sent,
        "is_busy": any(delivery.state == delivery.State.QUEUED for delivery in sent),
        "email_works": email_works(),
    }

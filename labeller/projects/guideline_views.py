"""The guidelines and their versions, for every member; a manager restores an earlier one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labeller.projects import guideline_versions
from labeller.projects.access import Access, LabellerRequest, managed_project_for, project_for
from labeller.projects.changes import Changes, changes
from labeller.projects.confirmation import confirmation_page
from labeller.projects.guidelines import render as render_guidelines
from labeller.projects.history import GuidelinesVersion
from labeller.projects.models import Project

PAGE = 20
LARGEST = 2**31 - 1  # numbers in an address beyond it are no version's, and no database takes them


@require_GET
def guidelines(request: LabellerRequest, slug: str) -> HttpResponse:
    """What is told now, and the versions, newest first."""
    access = project_for(request, slug)
    before = _number(request.GET.get("before"))
    versions = GuidelinesVersion.objects.filter(project=access.project).select_related("made_by")
    if before is not None:
        versions = versions.filter(number__lt=before)
    found = list(versions[: PAGE + 1])  # one more: what the last one shown is compared with
    shown = found[:PAGE]
    compared = [(newer, _changes(older, newer)) for newer, older in pairwise(found)]
    if found and len(found) <= PAGE:  # the first of all has nothing before it
        compared.append((found[-1], _changes(None, found[-1])))
    context = _frame(access) | {
        "guidelines": render_guidelines(access.project.guidelines),
        "labels": access.project.labels.all(),
        "versions": compared,
        "older": shown[-1].number if len(found) > PAGE else None,
        "first_page": before is None,
    }
    return render(request, "projects/guidelines.html", context)


@require_GET
def version(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    """One version, and what changed since the one before it, or since `since`."""
    access = project_for(request, slug)
    one = _version(access.project, number)
    since = _number(request.GET.get("since"))
    since = number - 1 if since is None or since >= number else since
    before = GuidelinesVersion.objects.filter(project=access.project, number=since).first()
    context = _frame(access) | {
        "version": one,
        "since": before,
        "changes": _changes(before, one),
        "guidelines": render_guidelines(one.guidelines),
        "is_newest": one.number == access.project.guidelines_number,
    }
    return render(request, "projects/guidelines_version.html", context)


@require_http_methods(["GET", "POST"])
def restore(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    one = _version(access.project, number)
    if request.method != "POST":
        return confirmation_page(
            request,
            access,
            question=_("Restore version %(number)s of the guidelines?") % {"number": number},
            effect=_(
                "Its text, and the names and descriptions of its labels, become a new version. Nothing is lost: the "
                "present version stays in the list. Labels added since stay; labels merged, split or deleted since do "
                "not come back by this."
            ),
            action=_("Restore it"),
            back=reverse("guidelines-version", args=[slug, number]),
            tab="guidelines",
        )
    try:
        made = guideline_versions.restore_version(version=one, by=request.user)
    except guideline_versions.RestoreRefused as error:
        messages.error(request, str(error))
        return redirect("guidelines-version", slug, number)
    said = _("It says what is said now already.")
    if made:
        said = _("Version %(number)s is restored, as version %(new)s.") % {"number": number, "new": made.number}
    messages.success(request, said)
    return redirect("guidelines", slug)


def _frame(access: Access) -> dict[str, Any]:
    section = "settings" if access.membership.may_manage else "project"
    return {"project": access.project, "membership": access.membership, "section": section, "tab": "guidelines"}


def _changes(before: GuidelinesVersion | None, after: GuidelinesVersion) -> Changes:
    return changes((before.guidelines, before.labels) if before else ("", []), (after.guidelines, after.labels))


def _version(project: Project, number: int) -> GuidelinesVersion:
    found = GuidelinesVersion.objects.filter(project=project, number=min(number, LARGEST)).select_related("made_by")
    one = found.first()
    if one is None:
        raise Http404("The guidelines have no version of that number.")
    return one


def _number(asked: str | None) -> int | None:
    return min(int(asked), LARGEST) if asked and asked.isdecimal() and len(asked) < 19 else None

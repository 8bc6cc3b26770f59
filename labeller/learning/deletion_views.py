"""Models are deleted with their files, one or several at once: asked about on a page of its own, then done."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from labeller.learning import deleting
from labeller.learning.deleting import Deletion, Tidying
from labeller.learning.models import ModelVersion
from labeller.learning.versions import VersionRefused
from labeller.projects.access import LabellerRequest, managed_project_for
from labeller.projects.confirmation import confirmation_page

MOST = 500  # models chosen at once


@require_http_methods(["GET", "POST"])
def delete(request: LabellerRequest, slug: str, number: int) -> HttpResponse:
    """GET asks; POST does it."""
    access, page = managed_project_for(request, slug), reverse("results-model", args=[slug, number])
    version = get_object_or_404(ModelVersion, project=access.project, number=number)
    if request.method == "POST":
        try:
            messages.success(request, _deleted(deleting.delete(version=version)))
        except VersionRefused as refusal:
            messages.warning(request, str(refusal))
        return redirect(page)
    found = deleting.deletion(version)
    if found.why_not:
        messages.warning(request, _cannot(found))
        return redirect(page)
    return confirmation_page(
        request,
        access,
        question=_("Delete the files of model %(number)s?") % {"number": number},
        effect=_effect(found),
        action=_("Delete the files of model %(number)s") % {"number": number},
        back=page,
        section="results",
    )


@require_http_methods(["GET", "POST"])
def delete_several(request: LabellerRequest, slug: str) -> HttpResponse:
    """The models whose numbers the address names. GET asks; POST does it, of those that may go."""
    access, page = managed_project_for(request, slug), reverse("results-models", args=[slug])
    asked = _numbers(request.GET.getlist("number"))
    if request.method == "POST":
        done = deleting.delete_several(project_id=access.project.pk, numbers=asked)
        messages.success(request, _several_deleted(done))
        return redirect(page)
    found = deleting.tidying(access.project.pk, asked)
    if not found.going:
        why = [_cannot(one) for one in found.staying]
        messages.warning(request, " ".join(why) or _("Tick the models whose files are to go first."))
        return redirect(page)
    count = len(found.versions)
    return confirmation_page(
        request,
        access,
        question=ngettext("Delete the files of %(count)s model?", "Delete the files of %(count)s models?", count)
        % {"count": count},
        effect=_effect_of_several(found),
        action=ngettext("Delete the files of %(count)s model", "Delete the files of %(count)s models", count)
        % {"count": count},
        back=page,
        section="results",
    )


def _numbers(asked: Sequence[str]) -> list[int]:
    """Whatever is not a whole number is passed over."""
    return [int(one) for one in asked[:MOST] if one.isascii() and one.isdigit() and len(one) < 10]


def _effect(found: Deletion) -> str:
    told = [_("This frees %(size)s and cannot be taken back.") % {"size": filesizeformat(found.size)}]
    if found.dependants:
        numbers = ", ".join(str(one.number) for one in found.dependants)
        told.append(
            ngettext(
                "Model %(numbers)s reads texts through it and goes with it.",
                "Models %(numbers)s read texts through it and go with it.",
                len(found.dependants),
            )
            % {"numbers": numbers}
        )
    told.append(_("It can serve no more and cannot be downloaded. Its figures and its point of the curve stay."))
    return " ".join(told)


def _effect_of_several(found: Tidying) -> str:
    numbers = ", ".join(str(one.number) for one in found.versions)
    told = [
        ngettext(
            "Model %(numbers)s: this frees %(size)s and cannot be taken back.",
            "Models %(numbers)s: this frees %(size)s and cannot be taken back.",
            len(found.versions),
        )
        % {"numbers": numbers, "size": filesizeformat(found.size)}
    ]
    if any(one.dependants for one in found.going):
        told.append(_("Quick models go with the full one through which they read texts."))
    told += [_cannot(one) for one in found.staying]
    told.append(_("They can serve no more and cannot be downloaded. Their figures and points of the curve stay."))
    return " ".join(told)


def _cannot(found: Deletion) -> str:
    return _("Model %(number)s cannot be deleted. %(why)s") % {"number": found.version.number, "why": found.why_not}


def _deleted(found: Deletion) -> str:
    told = _("The files of model %(number)s are deleted; %(size)s are free again.")
    return told % {"number": found.version.number, "size": filesizeformat(found.size)}


def _several_deleted(found: Tidying) -> str:
    count = len(found.versions)
    told = ngettext(
        "The files of %(count)s model are deleted; %(size)s are free again.",
        "The files of %(count)s models are deleted; %(size)s are free again.",
        count,
    )
    return told % {"count": count, "size": filesizeformat(found.size)}

"""The labels of a project, for its managers; their colours, for every member."""

from __future__ import annotations

from hashlib import sha256

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import condition, require_GET, require_http_methods, require_POST

from labeller.numerals import whole
from labeller.projects.access import Access, LabellerRequest, managed_project_for, project_for
from labeller.projects.colours import stylesheet
from labeller.projects.confirmation import confirmation_page
from labeller.projects.forms import LabelForm, LabelLinesForm
from labeller.projects.labels import (
    Added,
    LabelError,
    LabelGone,
    add_drafts,
    delete_label,
    edit_label,
    move_label,
    why_it_stays,
)
from labeller.projects.models import Label


def _page(request: LabellerRequest, access: Access, form: LabelLinesForm, status: int = 200) -> HttpResponse:
    context = {
        "project": access.project,
        "membership": access.membership,
        "section": "settings",
        "tab": "labels",
        "labels": access.project.labels.all(),
        "form": form,
    }
    return render(request, "projects/labels.html", context, status=status)


def _says(added: Added) -> str:
    count, known = len(added.labels), added.already_there
    words = ngettext("%(count)s label added.", "%(count)s labels added.", count) % {"count": whole(count)}
    if not known:
        return words
    names, more = ", ".join(known[:10]), len(known) - 10
    there = _("Already there: %(names)s and %(more)s more.") if more > 0 else _("Already there: %(names)s.")
    return f"{words} {there % {'names': names, 'more': whole(more)}}"


@require_GET
def labels(request: LabellerRequest, slug: str) -> HttpResponse:
    return _page(request, managed_project_for(request, slug), LabelLinesForm())


@require_POST
def add(request: LabellerRequest, slug: str) -> HttpResponse:
    access = managed_project_for(request, slug)
    form = LabelLinesForm(request.POST)
    if form.is_valid():
        try:
            added = add_drafts(project=access.project, drafts=form.cleaned_data["lines"], by=request.user)
        except LabelError as error:
            form.add_error("lines", str(error))
        else:
            messages.success(request, _says(added))
            return redirect("labels", slug)
    return _page(request, access, form, status=422)


@require_http_methods(["GET", "POST"])
def edit(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    access = managed_project_for(request, slug)
    label = get_object_or_404(Label, pk=pk, project=access.project)
    stored = {"name": label.name, "description": label.description, "hotkey": label.hotkey, "colour": label.colour}
    form = LabelForm(request.POST if request.method == "POST" else None, initial=stored)
    if form.is_valid():
        try:
            edit_label(label=label, by=request.user, **form.cleaned_data)
        except LabelGone as gone:
            messages.error(request, str(gone))
            return redirect("labels", slug)
        except LabelError as error:
            form.add_error(None, str(error))
        else:
            return redirect(reverse("labels", args=[slug]) + f"#label-{pk}")
    context = {"project": access.project, "membership": access.membership, "section": "settings", "tab": "labels"}
    context |= {"form": form, "label": Label.objects.get(pk=pk)}
    return render(request, "projects/label_edit.html", context, status=422 if form.is_bound else 200)


@require_POST
def move(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    access = managed_project_for(request, slug)
    label = get_object_or_404(Label, pk=pk, project=access.project)
    try:
        move_label(label=label, up=request.POST.get("direction") == "up")
    except LabelGone as gone:
        messages.error(request, str(gone))
    return redirect(reverse("labels", args=[slug]) + f"#label-{pk}")


@require_http_methods(["GET", "POST"])
def delete(request: LabellerRequest, slug: str, pk: int) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    label = get_object_or_404(Label, pk=pk, project=access.project)
    if request.method != "POST":
        return confirmation_page(
            request,
            access,
            question=_("Delete the label “%(name)s”?") % {"name": label.name},
            effect=_what_goes(label),
            action=_("Delete this label"),
            back=reverse("label-edit", args=[slug, pk]),
            tab="labels",
        )
    try:
        delete_label(label=label, by=request.user)
    except LabelError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(name)s” is deleted.") % {"name": label.name})
    return redirect("labels", slug)


def _what_goes(label: Label) -> str:
    return why_it_stays(label) or _(
        "No answer names it. It goes with its description, its key and its colour; earlier guidelines keep its name."
    )


def _colours_etag(request: LabellerRequest, slug: str) -> str:
    rows = project_for(request, slug).project.labels.order_by("id").values_list("id", "colour")
    return f'"{sha256(repr(list(rows)).encode()).hexdigest()[:32]}"'


@require_GET
@condition(etag_func=_colours_etag)
def colours(request: LabellerRequest, slug: str) -> HttpResponse:
    """The labels' colours as CSS. Asked for on every page, so an unchanged one answers 304."""
    rows = project_for(request, slug).project.labels.order_by("id").values_list("id", "colour")
    headers = {"Cache-Control": "private, no-cache"}
    return HttpResponse(stylesheet(rows), content_type="text/css; charset=utf-8", headers=headers)

"""What cannot be taken back, or concerns everybody, is asked about on a page of its own, which posts to itself."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from labeller.projects.access import Access, LabellerRequest


def confirmation_page(
    request: LabellerRequest,
    access: Access,
    *,
    question: str,
    effect: str,
    action: str,
    back: str,
    tab: str = "",
    section: str = "settings",
    may_be_undone: bool = False,
) -> HttpResponse:
    """`action`: the words of the button that does it. `back`: the address to return to without doing anything."""
    context = {"project": access.project, "membership": access.membership, "section": section, "tab": tab}
    context |= {"question": question, "effect": effect, "action": action, "back": back}
    context["may_be_undone"] = may_be_undone  # the button does not warn then
    return render(request, "projects/confirmation.html", context)

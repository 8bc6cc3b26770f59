"""What cannot be taken back is asked about on a page of its own, which posts to the address it stands at."""

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
) -> HttpResponse:
    """`action`: the words of the button that does it. `back`: the address to return to without doing anything."""
    context = {"project": access.project, "membership": access.membership, "section": section, "tab": tab}
    context |= {"question": question, "effect": effect, "action": action, "back": back}
    return render(request, "projects/confirmation.html", context)

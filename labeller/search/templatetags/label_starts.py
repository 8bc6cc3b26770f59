"""The searches for labels without a text, inside a page of another app."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from labeller.search.starting import starts

register = template.Library()
SHOWN = 6


@register.inclusion_tag("search/_beside.html", takes_context=True)
def label_starts(context: Context) -> dict[str, Any]:
    """For the page's `project`. One query."""
    found = starts(context["project"])
    return {"starts": found[:SHOWN], "more": max(0, len(found) - SHOWN), "project": context["project"]}

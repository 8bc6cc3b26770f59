"""The searches for labels without a text, inside a page of another app."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from labeller.search.starting import Beside

register = template.Library()


@register.inclusion_tag("search/_beside.html", takes_context=True)
def label_starts(context: Context) -> dict[str, Any]:
    """For the page's `project`. One query."""
    return vars(Beside.of(context["project"]))

"""The queue's state inside a page of another app, so that it stands there without a script too."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from labeller.learning import selectors

register = template.Library()


@register.inclusion_tag("learning/_status.html", takes_context=True)
def learning_status(context: Context) -> dict[str, Any]:
    """The fragment that pages poll, of the page's `project` and `membership`. At most six queries."""
    project = context["project"]
    return {
        "project": project,
        "membership": context["membership"],
        "learning": selectors.learning_status(project),
    }

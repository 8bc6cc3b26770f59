"""The weighing of answers inside a page of another app, so that it stands there without a script too."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from labeller.learning.weighing import weighing_of

register = template.Library()


@register.inclusion_tag("learning/_weighing.html", takes_context=True)
def weighing_status(context: Context) -> dict[str, Any]:
    """The fragment that polls while a run is under way, of the page's `project` and `membership`. Three queries."""
    weighing = weighing_of(context["project"])
    seen = str(weighing.reading.pk) if weighing.reading else "0"
    return {"project": context["project"], "membership": context["membership"], "weighing": weighing, "seen": seen}

"""The live region on every project page, also on those of apps that know nothing of notices."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from labeller.notices import selectors
from labeller.notices.sentences import in_words

register = template.Library()
register.filter("notice_in_words", in_words)


@register.inclusion_tag("notices/_region.html", takes_context=True)
def notice_region(context: Context) -> dict[str, Any]:
    """Of the page's `project` and `membership`; nothing on pages without them. One query."""
    project, membership = context.get("project"), context.get("membership")
    if project is None or membership is None:
        return {}
    return {"project": project, "news": selectors.news_for(membership)}

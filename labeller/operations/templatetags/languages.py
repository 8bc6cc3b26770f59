"""The foot of each page, where its language is chosen, and the words of its scripts."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

from labeller.operations.languages import catalogue_age

register = template.Library()


@register.simple_tag
def browser_words_url() -> str:
    """The address of the scripts' catalogue in the page's language, new whenever its content is."""
    language = get_language() or settings.LANGUAGE_CODE
    return f"{reverse('browser-words')}?{language}-{catalogue_age(language)}"


@register.inclusion_tag("_languages.html", takes_context=True)
def language_choice(context: template.Context) -> dict[str, Any]:
    """Every language under its own name; choosing one comes back to this page."""
    request = context.get("request")
    if request is None:  # a page of an error, rendered without one
        return {"languages": []}
    return {
        "languages": settings.LANGUAGES,
        "current": get_language(),
        "back": request.get_full_path() if request.method in ("GET", "HEAD") else "",
        "csrf_token": context.get("csrf_token"),
    }

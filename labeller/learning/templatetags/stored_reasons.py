"""What workers wrote down, in the page's language."""

from __future__ import annotations

from django import template

from labeller.learning.said import in_words

register = template.Library()
register.filter("reason_in_words", in_words)

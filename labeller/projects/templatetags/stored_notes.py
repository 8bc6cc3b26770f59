"""Notes of versions in the page's language."""

from __future__ import annotations

from django import template

from labeller.projects.notes import NOTES
from labeller.retelling import retold

register = template.Library()


@register.filter
def note_in_words(note: str) -> str:
    """The note as the page says it; one that nobody knows stays as it is."""
    return retold(note, NOTES)

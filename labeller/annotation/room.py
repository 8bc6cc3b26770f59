"""How much room the texts of a project need on the labelling page: one height for all of them, so that the labels stand
right below it and never move from text to text."""

from __future__ import annotations

from math import ceil
from unicodedata import east_asian_width

from django.db.models.functions import Left

from labeller.corpus.models import Document
from labeller.projects.models import Project

LINE = 66  # characters: the page's measure
LOOKED_AT = 100  # texts, drawn at random
HEAD = 3_000  # characters of each: more than any room
MOST = 0.9  # of them are seen whole; the others scroll
ROOMS = (4, 6, 9, 12, 16)  # lines that the style sheet has a height for
FACTS = 2  # lines for what is known of a text, folded


def lines_of(text: str) -> int:
    """How many lines it takes in the page's measure. A Chinese letter is as wide as two Latin ones."""
    return sum(max(1, ceil(_width(paragraph) / LINE)) for paragraph in text.splitlines() or [""])


def room_for(project: Project) -> int | None:
    """Lines; None where texts are long: then the frame takes all the height there is. One query."""
    drawn = Document.objects.filter(project=project).order_by("draw")
    looked_at = drawn.values_list(Left("text", HEAD), "metadata", "external_id")[:LOOKED_AT]
    needed = sorted(lines_of(text) + (FACTS if metadata or name else 0) for text, metadata, name in looked_at)
    if not needed:
        return None
    lines = needed[ceil(MOST * len(needed)) - 1]
    return next((room for room in ROOMS if room >= lines), None)


def _width(paragraph: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in paragraph)

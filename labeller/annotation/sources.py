"""Where answers come from, and which of them count as a person's reading of a text."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Source(models.TextChoices):
    """Where an answer came from. Only AUDIT was drawn uniformly at random: only it may score a model."""

    ACTIVE = "active", "Chosen by a model"
    AUDIT = "audit", "Drawn at random"
    RANDOM = "random", "Random order, no model yet"
    SEARCH = "search", "Found by search"
    REVIEW = "review", "Review"
    IMPORT = "import", "Imported"
    GOLD = "gold", "Gold"
    LLM = "llm", "A language model"  # in exports alone: its labels are MachineAnswers


BESIDE_ANSWERS = (Source.IMPORT, Source.REVIEW)
"""What stands beside the same person's own answer to a text: a file's label, and a decision in the review."""

NO_READING = (*BESIDE_ANSWERS, Source.GOLD)
"""Not one person's reading of a text that was served because it wants one: no answer of those wanted, and no evidence
of how far people agree."""

NOT_ALONE = (*NO_READING, Source.SEARCH)
"""Nor is a label given from a list: whoever labels many at once need not have read each."""

AT_ONCE = Q(source=Source.SEARCH, seconds__isnull=True)
"""Given to a list of texts at once. A text found earlier and asked again, or its label changed, has its own time."""

NO_MODEL = Q(prediction__isnull=True, model_key="", suggestion_shown__isnull=True, probability__isnull=True)
"""Of a lease or an answer that no model chose and to which none suggested anything."""

GOLD_LEASE = NO_MODEL & Q(slot=0, second_look__isnull=True)

"""Which words moved a suggestion: asked for by a page, found by learning, read by the page."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from labeller.corpus.models import Document
from labeller.projects.models import Label


class MovedWords(models.Model):
    """The words of one text that spoke for one label, as one model reads it. Written by learning once it was asked."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="+")
    model_key = models.CharField(max_length=80, help_text="Of the model whose suggestion it was.")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    spans = models.JSONField(default=list, help_text="[start, end, fall of the log-odds without it], by position.")
    telling = models.JSONField(null=True, help_text="[start, end] of the most telling run of words; null: none.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it failed, in a sentence.")
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "label", "model_key"], name="moved_words_once_per_model"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "ready", "failed"]), name="moved_words_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} in {self.document_id}: {self.state}"

"""Texts whose labels are known for sure."""

from __future__ import annotations

from django.db import models

from labeller.corpus.models import Document
from labeller.projects.models import Label, Project, User


class GoldText(models.Model):
    """A text whose labels are known for sure. It is slipped into people's streams to see how they answer it; their
    answers (Source.GOLD) teach no model and measure none."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="gold_texts")
    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="gold")
    labels: models.ManyToManyField[Label, models.Model] = models.ManyToManyField(Label, related_name="gold_texts")
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Gold: {self.document_id}"

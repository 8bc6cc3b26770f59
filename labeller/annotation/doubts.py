"""What the review is asked about, and what it has been asked about enough."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from labeller.corpus.models import Document
from labeller.projects.models import Project, User


class LabelDoubt(models.Model):
    """A text whose label a model doubts that had not learnt it. Written by learning, all of a project at once. It holds
    for the answers up to `answers_until`: whoever answers the text after that has had another look."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="doubts")
    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="doubt")
    score = models.FloatField(help_text="0..1: how sure the model is against the label.")
    given = models.JSONField(help_text="Label ids.")
    suggested = models.JSONField(help_text="Label ids.")
    prediction = models.JSONField(help_text='{"<label id>": probability}, by heads that had not learnt this text.')
    model_key = models.CharField(max_length=80)
    answers_until = models.BigIntegerField(help_text="Id of the newest answer that was known.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-score", "document"]
        indexes = [models.Index(fields=["project", "-score"], name="doubts_by_score")]
        constraints = [models.CheckConstraint(condition=Q(score__gte=0) & Q(score__lte=1), name="doubt_0_to_1")]

    def __str__(self) -> str:
        return f"{self.document_id}: {self.score:.2f}"


class Dismissal(models.Model):
    """A text that was looked at in the review and left as it is. It comes back when somebody answers it again."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="dismissals")
    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="dismissal")
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)
    answers_until = models.BigIntegerField(help_text="Id of the newest answer there was.")

    def __str__(self) -> str:
        return f"{self.document_id} as it is"


def mark_of(decision_key: object | None, dismissal: Dismissal | None) -> str:
    """How a text stands in the review, as its form carries it: by this a stale form is known."""
    if decision_key is not None:
        return f"decided {decision_key}"
    return f"left {dismissal.at.isoformat()}" if dismissal is not None else ""

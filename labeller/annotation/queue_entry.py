"""The queue: what to serve next and why. Written by learning, read here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from labeller.corpus.models import Document
from labeller.projects.models import Project


class Ranking(models.Model):
    """Who put the queue in order, and when. Written by learning together with the entries, in one transaction."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="ranking")
    model_key = models.CharField(max_length=80, blank=True, help_text="Empty: no model yet (medoids).")
    model_name = models.CharField(max_length=120, help_text='In words, as the page says it: "the quick model".')
    labels_seen = models.PositiveIntegerField(default=0)
    pool_size = models.PositiveIntegerField(default=0)
    ranked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.project}: {self.model_name} on {self.labels_seen} labels"


class QueueEntry(models.Model):
    """A text to serve next and why. Three streams: the head of the ranked pool; of the texts that want another
    person's answer the next ones for each person; and the next of the audit reserve."""

    class Stream(models.TextChoices):
        ACTIVE = "active", "Active"
        BEGUN = "begun", "Begun"
        AUDIT = "audit", "Audit"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="queue")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    stream = models.CharField(max_length=6, choices=Stream)
    rank = models.PositiveIntegerField()
    score = models.FloatField(null=True)
    reason = models.CharField(max_length=300)
    model_key = models.CharField(max_length=80, blank=True)
    prediction = models.JSONField(null=True, help_text='Frozen: {"<label id>": probability}; null without a model.')
    probability = models.FloatField(null=True, help_text="With which it was drawn.")

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["project", "stream", "rank"], name="one_text_per_rank"),
            models.UniqueConstraint(fields=["document"], name="one_queue_entry_per_text"),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | (Q(probability__gte=0) & Q(probability__lte=1)),
                name="queue_probability_0_to_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.rank}: {self.reason}"

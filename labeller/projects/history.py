"""What the guidelines and the labels were, and how labels were merged: facts that nobody edits."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class GuidelinesVersion(models.Model):
    """What annotators were told at a moment: the guidelines, and every label with its name and description."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="guidelines_versions")
    number = models.PositiveIntegerField(help_text="From 1, without gaps.")
    guidelines = models.TextField(blank=True)
    labels = models.JSONField(help_text='In their order: [{"id": 1, "name": "…", "description": "…"}].')
    note = models.CharField(max_length=300, blank=True, help_text="What was done, where the change alone does not say.")
    made_by = models.ForeignKey("projects.User", null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="guidelines_number_once_per_project"),
            models.CheckConstraint(condition=Q(number__gte=1), name="guidelines_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"Version {self.number} of the guidelines of {self.project_id}"


class LabelMerge(models.Model):
    """Labels that became one. Which, say the rows themselves (`Label.merged_into`); here is what an undo needs."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="label_merges")
    target = models.ForeignKey("projects.Label", null=True, on_delete=models.SET_NULL, related_name="+")
    target_is_new = models.BooleanField(help_text="Made for this merge: an undo removes it if no answer names it.")
    merged = models.JSONField(help_text='[{"id": 1, "name": "…", "hotkey": "…"}]: the labels that went.')
    into = models.CharField(max_length=100, help_text="The name of the one they became, as it was then.")
    made_by = models.ForeignKey("projects.User", null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{', '.join(label['name'] for label in self.merged)} → {self.into}"

"""How far people agreed at a moment, frozen with the answers it was counted from."""

from __future__ import annotations

from django.db import models

from labeller.projects.models import Project


class AgreementReading(models.Model):
    """One look at the answers of several people: figures with intervals, and how disagreements were settled. A fact
    that nobody edits; the newest is shown, and check_results counts each again."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="agreement_readings")
    annotations = models.TextField(help_text="Ids of the answers to texts that two or more people read, as ranges.")
    drawn = models.TextField(help_text="Ids of those of these texts that were drawn at random, as ranges.")
    label_ids = models.JSONField(help_text="Columns of the figures by label.")
    people = models.JSONField(help_text="User ids, by which the figures number people.")
    overall = models.JSONField(help_text="The learner's PeopleAgree as a dict.")
    at_random = models.JSONField(help_text="The same on texts drawn at random: the ceiling of the curve.")
    consensus = models.JSONField(help_text="Method, people, their shared answers and accuracy, texts disputed.")
    n_answers = models.PositiveIntegerField(help_text="Current answers with labels there were in all.")
    n_doubts = models.PositiveIntegerField(null=True, help_text="Labels doubted then; null: there was no model to ask.")
    seed = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Agreement of {self.project} at {self.n_answers} answers"

"""Labels that a language model gave. They are no annotations: what nobody read is in no count of answers, no gold, no
audit and no figure, because it is in another table."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


class MachineAnnotator(models.Model):
    """A language model as one annotator of a project, under the name that a manager gave it: with another prompt it is
    another one."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="machine_annotators")
    name = models.CharField(max_length=120)
    created_by = models.ForeignKey("projects.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(F("project"), Lower("name"), name="machine_annotator_name_once_per_project")
        ]

    def __str__(self) -> str:
        return self.name


class MachineAnswer(models.Model):
    """What it says of a text. Never edited: a later import under the same name supersedes."""

    key = models.UUIDField(unique=True, help_text="Follows from the import and the text, so a batch run twice is one.")
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="machine_answers")
    annotator = models.ForeignKey(MachineAnnotator, on_delete=models.CASCADE, related_name="answers")
    document = models.ForeignKey("corpus.Document", on_delete=models.CASCADE, related_name="machine_answers")
    labels: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField(
        "projects.Label", related_name="machine_answers"
    )
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["annotator", "document"],
                condition=Q(superseded_at=None),
                name="one_current_machine_answer_per_text_and_annotator",
            )
        ]

    def __str__(self) -> str:
        return f"{self.annotator}: {self.document_id}"

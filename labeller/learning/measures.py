"""What was measured beside the versions, frozen when it was: facts that nobody edits, from which curves are drawn."""

from __future__ import annotations

from django.db import models

from labeller.projects.models import Project


class RunningScore(models.Model):
    """Test, then train: the newest answers to texts drawn at random, each against what the model of its moment had said
    before anybody answered. Unlike an audit it scores no one model, but the loop as people met it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="running_scores")
    n_labels = models.PositiveIntegerField(help_text="Labelled texts there were: the curve's x.")
    n_texts = models.PositiveIntegerField(help_text="Texts in the window.")
    annotation_ids = models.JSONField(help_text="Of the answers in the window, oldest first.")
    label_ids = models.JSONField(help_text="Columns of the two below.")
    said = models.JSONField(help_text="Of each text the label columns that would have been given.")
    gold = models.JSONField(help_text="Of each text the label columns that were given, as known then.")
    metrics = models.JSONField(help_text="accuracy, macro_f1 and micro_f1 of the learner's AuditReport.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Last {self.n_texts} audit answers at {self.n_labels} labels"


class AnswerThresholds(models.Model):
    """From which probability on a ranking's head gave each label, where a text may have several. A queue entry keeps
    its probabilities; without these nobody could say afterwards what the answer was."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    model_key = models.CharField(max_length=80)
    thresholds = models.JSONField(help_text='{"<label id>": threshold}')

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "model_key"], name="one_set_of_thresholds_per_model_key")
        ]

    def __str__(self) -> str:
        return f"Thresholds of {self.model_key}"


class OrderComparison(models.Model):
    """The control arm: the same head over the encoder as it came, taught with the labels in the order they came, and
    with those drawn at random alone; ever more of each, all judged on the audit texts of one moment."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="order_comparisons")
    n_labels = models.PositiveIntegerField(help_text="Labelled texts there were.")
    n_random = models.PositiveIntegerField(help_text="Those of them that were drawn at random.")
    n_audit = models.PositiveIntegerField(help_text="Audit texts that judged.")
    encoder = models.CharField(max_length=80)
    encoder_sha256 = models.CharField(max_length=64)
    label_ids = models.JSONField(help_text="Columns of the answers.")
    document_ids = models.JSONField(help_text="Of the audit texts.")
    gold = models.JSONField(help_text="Of each text its label columns, as known then.")
    answers = models.JSONField(help_text='{"chosen": [...], "random": [...]}: of each head its label columns by text.')
    curves = models.JSONField(
        help_text='{"chosen": [...], "random": [...]}: of each head the labels given, those learnt from, and metrics.'
    )
    saved = models.JSONField(help_text="The learner's Saving as a dict, infinite bounds as null.")
    seed = models.PositiveIntegerField()
    duration_s = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Orders of {self.project} at {self.n_labels} labels"

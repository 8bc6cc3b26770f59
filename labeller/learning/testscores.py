"""How good models were on the test file. Facts beside the versions, as the audit's are: nobody edits them, and they go
with the test set alone."""

from __future__ import annotations

from django.db import models

from labeller.corpus.testset import TestSet


class TestScore(models.Model):
    """One version on one test set. The version is the whole model as it was stored: nothing of the set ever taught it,
    so nothing need be cross-fitted."""

    version = models.ForeignKey("learning.ModelVersion", on_delete=models.CASCADE, related_name="test_scores")
    test_set = models.ForeignKey(TestSet, on_delete=models.CASCADE, related_name="scores")
    n_texts = models.PositiveIntegerField()
    label_ids = models.JSONField(
        help_text="Columns: the version's labels in its order, of merged ones what they became, then those not known."
    )
    metrics = models.JSONField(help_text="The learner's AuditReport as a dict, and reliability.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "test_set"], name="one_score_per_version_and_test_set")
        ]

    def __str__(self) -> str:
        return f"{self.version} on {self.test_set}"


class TestAnswers(models.Model):
    """What the version said of each text, frozen with the answers of the file. A row of its own: it is long, and read
    only to look at texts or to make the figures again."""

    score = models.OneToOneField(TestScore, on_delete=models.CASCADE, primary_key=True, related_name="answers")
    text_ids = models.JSONField(help_text="Of the test texts, in the order of the file.")
    gold = models.JSONField(help_text="Of each text the columns that the file gives.")
    said = models.JSONField(help_text="Of each text the columns that the version gives.")
    probabilities = models.JSONField(help_text="Of each text one for each label that the version knew, five digits.")

    def __str__(self) -> str:
        return f"Answers of {self.score}"

"""Texts with labels that measure models and never teach them: a file of a manager's own, kept apart from the pool."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import Q, QuerySet

from labeller.projects.models import Label, Project

MOST_TEXTS = 10_000
"""Of one test set: it puts accuracy within one point either way, and every model has to read all of it."""


class TestSet(models.Model):
    """One test file. It measures from `ready_at` on; before that an import is filling it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="test_sets")
    job = models.OneToOneField("corpus.ImportJob", on_delete=models.CASCADE, related_name="test_set")
    name = models.CharField(max_length=255, help_text="Of its file.")
    sha256 = models.CharField(max_length=64, help_text="Of its file.")
    n_texts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Two would each give another answer to "how good is the model?".
            models.UniqueConstraint(
                fields=["project"], condition=Q(ready_at__isnull=False), name="one_test_set_in_force_per_project"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TestText(models.Model):
    """A text of a test set with what a model should say of it. No label at all is an answer too, where a text may have
    several."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    test_set = models.ForeignKey(TestSet, on_delete=models.CASCADE, related_name="texts")
    text = models.TextField()
    text_hash = models.CharField(max_length=64, help_text="SHA-256 of the normalised text.")
    external_id = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict)
    labels = models.ManyToManyField(Label, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["test_set", "text_hash"], name="text_once_per_test_set"),
        ]
        indexes = [models.Index(fields=["project", "text_hash"], name="test_text_by_hash")]

    def __str__(self) -> str:
        return self.text[:60]


def delete_sets(sets: QuerySet[TestSet]) -> None:
    """These go with all that hangs on them. Django reads what that is first and deletes the sets last; whoever stores a
    model's score holds its set meanwhile, so from here to the end nothing is stored that would be left behind."""
    with transaction.atomic():
        list(sets.select_for_update().order_by("pk").values_list("pk"))
        sets.delete()


def set_in_force(project: Project) -> TestSet | None:
    """The test set that measures, with its import; None without one. One query."""
    return TestSet.objects.select_related("job__created_by").filter(project=project, ready_at__isnull=False).first()

"""A second look at the texts of one label: after it was split, or when what it means has changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q, QuerySet


class SecondLook(models.Model):
    """Texts are those that carry the label by an answer from before; each keeps its label until somebody has looked.
    Nothing else is stored: what is left to do follows from the answers."""

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="second_looks")
    label = models.ForeignKey("projects.Label", on_delete=models.CASCADE, related_name="+")
    into = models.JSONField(default=list, help_text="Names of the labels that it was split into; empty: only a look.")
    texts = models.PositiveIntegerField(help_text="That waited when it began.")
    guidelines_number = models.PositiveIntegerField(help_text="Version under which a look counts.")
    started_by = models.ForeignKey("projects.User", null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["label"], condition=Q(ended_at=None), name="one_open_second_look_per_label")
        ]

    def __str__(self) -> str:
        return f"Second look at {self.label}"

    @property
    def reason(self) -> str:
        """What the annotator reads above the text."""
        if self.into:
            return f"Another look: “{self.label}” was split"
        return f"Another look at a text labelled “{self.label}”"


def answers_before(look: SecondLook) -> QuerySet:  # type: ignore[type-arg]
    """Current answers that name the label and are older than the look, or were given on a page that showed older
    guidelines. Gold answers stay: they are an examination, not a label."""
    from labeller.annotation.models import Annotation, Source

    named = Q(labels=look.label_id) | Q(labels__read_as=look.label_id)
    current = Annotation.objects.filter(
        named, _is_older(look), project=look.project_id, superseded_at=None, status=Annotation.Status.LABELLED
    )
    # What a manager decided is asked of nobody.
    decided = Annotation.objects.filter(project=look.project_id, superseded_at=None, source=Source.REVIEW)
    open_ones = current.exclude(document__in=decided.order_by().values("document"))
    return open_ones.exclude(source=Source.GOLD).order_by("id").distinct()


def _is_older(look: SecondLook) -> Q:
    """By its time, or by the guidelines beside it. Beside an answer without a number stood none, older than any; but a
    label that came with a file says nothing of what stood beside it."""
    from labeller.annotation.models import Source

    older = Q(created_at__lt=look.started_at) | Q(guidelines_number__lt=look.guidelines_number)
    if look.guidelines_number:
        older |= Q(guidelines_number=None) & ~Q(source=Source.IMPORT)
    return older


def waiting(look: SecondLook) -> int:
    """Texts that nobody has looked at again yet."""
    return int(answers_before(look).order_by().values("document").distinct().count())

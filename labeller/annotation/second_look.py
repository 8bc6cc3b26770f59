"""A second look at the texts of one label: after it was split, or when what it means has changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet


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


def answers_before(look: SecondLook, document: int | OuterRef | None = None) -> QuerySet:  # type: ignore[type-arg]
    """Current answers, to one text or to all, that name the label and are older than the look, or were given on a page
    that showed older guidelines. Gold answers stay: they are an examination, not a label."""
    from labeller.annotation.models import Annotation, Source

    current = Annotation.objects.filter(names_it_from_before(look), superseded_at=None)
    # Not both: a database may take the project for the narrower.
    current = current.filter(project=look.project_id) if document is None else current.filter(document=document)
    # What a manager decided is asked of nobody.
    decided = Annotation.objects.filter(document=OuterRef("document"), superseded_at=None, source=Source.REVIEW)
    return current.exclude(Exists(decided)).order_by("id")


def names_it_from_before(look: SecondLook) -> Q:
    """An answer is from before by its time, or by the guidelines beside it. Beside one without a number stood none,
    older than any; but a label that came with a file says nothing of what stood beside it."""
    from labeller.annotation.models import Annotation, Source

    named = Annotation.labels.through._default_manager.filter(
        Q(label=look.label_id) | Q(label__read_as=look.label_id), annotation=OuterRef("pk")
    )
    older = Q(created_at__lt=look.started_at) | Q(guidelines_number__lt=look.guidelines_number)
    if look.guidelines_number:
        older |= Q(guidelines_number=None) & ~Q(source=Source.IMPORT)
    return Q(status=Annotation.Status.LABELLED) & ~Q(source=Source.GOLD) & older & Q(Exists(named))


def waiting(look: SecondLook) -> int:
    """Texts that nobody has looked at again yet."""
    return int(answers_before(look).order_by().values("document").distinct().count())

"""What was answered; and every other table of this app, for Django looks for them here."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from labeller.annotation.doubts import Dismissal, LabelDoubt
from labeller.annotation.gold_text import GoldText
from labeller.annotation.lease import Lease, ServingCounter
from labeller.annotation.machine import MachineAnnotator, MachineAnswer
from labeller.annotation.moved_words import MovedWords
from labeller.annotation.queue_entry import QueueEntry, Ranking
from labeller.annotation.second_look import SecondLook
from labeller.annotation.sources import AT_ONCE, BESIDE_ANSWERS, NO_MODEL, NO_READING, NOT_ALONE, Source
from labeller.corpus.models import Document
from labeller.projects.models import Label, Project, User

__all__ = [
    "AT_ONCE",
    "BESIDE_ANSWERS",
    "NOT_ALONE",
    "NOT_TAKEN_BACK",
    "NO_READING",
    "Annotation",
    "Dismissal",
    "GoldText",
    "LabelDoubt",
    "Lease",
    "MachineAnnotator",
    "MachineAnswer",
    "MovedWords",
    "QueueEntry",
    "Ranking",
    "SecondLook",
    "ServingCounter",
    "Source",
]

NOT_TAKEN_BACK = Q(superseded_at=None) | Q(aside=True)
"""What a person has said and may undo."""


class Annotation(models.Model):
    """A fact: who answered what, when, why it was asked and what the model had said before. Never edited; a changed
    mind is a new row that supersedes this one. An undo supersedes a row with nothing, and what that row had superseded
    is current again. The label that a person imported stays current beside their skip or unsure, which is no answer.
    Who skips a text in a second look leaves their earlier answer standing; the skip is kept `aside` until it is undone.
    A decision in the review stands beside all answers to its text, the reviewer's own too, and is what it teaches.
    """

    class Status(models.TextChoices):
        LABELLED = "labelled", gettext_lazy("Labelled")
        SKIPPED = "skipped", gettext_lazy("Skipped")
        UNSURE = "unsure", gettext_lazy("Unsure")

    key = models.UUIDField(unique=True, help_text="Chosen by the client: posting the same answer twice makes one row.")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="annotations")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="annotations")
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="annotations")
    labels: models.ManyToManyField[Label, models.Model] = models.ManyToManyField(Label, related_name="annotations")
    status = models.CharField(max_length=8, choices=Status)
    source = models.CharField(max_length=8, choices=Source)
    reason = models.CharField(max_length=300, blank=True)
    model_key = models.CharField(max_length=80, blank=True)
    prediction = models.JSONField(null=True, help_text="Frozen before the answer; null without a model.")
    probability = models.FloatField(null=True)
    pool_size = models.PositiveIntegerField(null=True)
    suggestion_shown = models.BooleanField(null=True, help_text="Whether the prediction was seen before the answer.")
    suggestion_policy = models.CharField(
        max_length=6, blank=True, help_text="That decided whether it was seen; empty: not known."
    )
    suggestion_followed = models.BooleanField(null=True, help_text="Whether the answer is what it amounts to.")
    seconds = models.FloatField(null=True, help_text="From the text's appearance to the answer.")
    comment = models.TextField(blank=True)
    guidelines_number = models.PositiveIntegerField(
        null=True, help_text="Version of the guidelines that stood beside the text; null where none did."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(null=True)
    aside = models.BooleanField(
        default=False,
        help_text="A skip or an unsure in a second look: superseded from the start by the answer that still stands.",
    )
    superseded_by = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="supersedes")

    class Meta:
        constraints = [
            # Two tabs of one person answering the same text: the second insert fails and becomes a supersession.
            models.UniqueConstraint(
                fields=["document", "annotator"],
                condition=Q(superseded_at__isnull=True) & ~Q(source__in=["import", "review"]),
                name="one_current_annotation_per_text_and_annotator",
            ),
            # Two managers deciding the same text at once: one of the two decides, the other is told.
            models.UniqueConstraint(
                fields=["document"],
                condition=Q(superseded_at__isnull=True, source=Source.REVIEW),
                name="one_current_decision_per_text",
            ),
            models.UniqueConstraint(
                fields=["document", "annotator"],
                condition=Q(superseded_at__isnull=True, source=Source.IMPORT),
                name="one_current_import_per_text_and_annotator",
            ),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | (Q(probability__gte=0) & Q(probability__lte=1)),
                name="annotation_probability_0_to_1",
            ),
            models.CheckConstraint(
                condition=Q(seconds__isnull=True) | Q(seconds__gte=0), name="annotation_seconds_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(source=Source.REVIEW) | Q(status="labelled", suggestion_shown__isnull=True),
                name="decision_is_a_label_unswayed",
            ),
            models.CheckConstraint(condition=~Q(source=Source.GOLD) | NO_MODEL, name="gold_answer_knows_no_model"),
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True) | Q(superseded_at__isnull=False),
                name="superseded_answer_is_not_current",
            ),
            models.CheckConstraint(
                condition=Q(aside=False) | (Q(superseded_at__isnull=False) & ~Q(status="labelled")),
                name="annotation_aside_is_no_answer",
            ),
            # What a language model says is a MachineAnswer: in this table every reader would have to leave it out.
            models.CheckConstraint(condition=~Q(source=Source.LLM), name="annotation_is_not_a_machine_s"),
        ]
        indexes = [
            models.Index(
                F("project"),
                F("status"),
                F("source"),
                condition=Q(superseded_at__isnull=True),
                name="current_annotations",
            ),
            models.Index(fields=["project", "annotator", "-created_at"], name="annotations_of_annotator"),
            models.Index(fields=["project", "document"], condition=Q(aside=True), name="annotations_aside"),
        ]

    def __str__(self) -> str:
        return f"{self.annotator}: {self.status} {self.document_id}"

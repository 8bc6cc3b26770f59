"""What is asked, who holds it, and what was answered."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from labeller.annotation.doubts import Dismissal, LabelDoubt  # noqa: F401, Django looks here
from labeller.annotation.moved_words import MovedWords  # noqa: F401, Django looks here
from labeller.corpus.models import Document
from labeller.projects.models import Label, Project, User


class Source(models.TextChoices):
    """Where an answer came from. Only AUDIT was drawn uniformly at random: only it may score a model."""

    ACTIVE = "active", "Chosen by a model"
    AUDIT = "audit", "Drawn at random"
    RANDOM = "random", "Random order, no model yet"
    SEARCH = "search", "Found by search"
    REVIEW = "review", "Review"
    IMPORT = "import", "Imported"
    GOLD = "gold", "Gold"
    LLM = "llm", "A language model"  # in exports alone: its labels are MachineAnswers


BESIDE_ANSWERS = (Source.IMPORT, Source.REVIEW)
"""What stands beside the same person's own answer to a text: a file's label, and a decision in the review."""

NO_READING = (*BESIDE_ANSWERS, Source.GOLD)
"""Not one person's reading of a text that was served because it wants one: no answer of those wanted, and no evidence
of how far people agree."""

NOT_ALONE = (*NO_READING, Source.SEARCH)
"""Nor is a label given from a list: whoever labels many at once need not have read each."""

NOT_TAKEN_BACK = Q(superseded_at=None) | Q(aside=True)
"""What a person has said and may undo."""


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
    """A text to serve next and why. Two streams: the head of the ranked pool, and the next of the audit reserve."""

    class Stream(models.TextChoices):
        ACTIVE = "active", "Active"
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


class Lease(models.Model):
    """A text in somebody's hands. Open until answered, returned or taken over after its expiry; kept afterwards,
    so that a late answer still finds the facts it was served under.

    The constraint ends the race of two annotators for one text: of two inserts for the same slot one fails.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="leases")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="leases")
    annotator = models.ForeignKey(User, on_delete=models.CASCADE, related_name="leases")
    slot = models.PositiveSmallIntegerField(help_text="0 .. wanted-1: which of the wanted answers this is.")
    source = models.CharField(max_length=8, choices=Source)
    reason = models.CharField(max_length=300)
    model_key = models.CharField(max_length=80, blank=True)
    prediction = models.JSONField(null=True)
    probability = models.FloatField(null=True)
    pool_size = models.PositiveIntegerField(null=True)
    suggestion_shown = models.BooleanField(null=True, help_text="Null: the model had none.")
    created_at = models.DateTimeField(auto_now_add=True)
    second_look = models.ForeignKey(
        "annotation.SecondLook",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="It was asked for this.",
    )
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A gold text takes no wanted answer: any number of people may be looking at it.
            models.UniqueConstraint(
                fields=["document", "slot"],
                condition=Q(closed_at__isnull=True) & ~Q(source=Source.GOLD),
                name="one_open_lease_per_text_and_slot",
            ),
            models.UniqueConstraint(
                fields=["document", "annotator"],
                condition=Q(closed_at__isnull=True),
                name="one_open_lease_per_text_and_annotator",
            ),
            models.CheckConstraint(condition=~Q(source=Source.LLM), name="lease_is_for_a_person"),
        ]
        indexes = [
            models.Index(
                fields=["project", "annotator"],
                condition=Q(closed_at__isnull=True),
                name="open_leases_of_annotator",
            )
        ]

    def __str__(self) -> str:
        return f"{self.annotator} holds {self.document_id}"


class ServingCounter(models.Model):
    """What serving would otherwise have to count again for every text. One row per project, changed only while it is
    locked: the lock is what puts claims and answers of one project in an order (SQLite has its one writer for that).
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="serving")
    labelled = models.PositiveIntegerField(default=0, help_text="Current labelled answers to texts that were served.")
    audit_labelled = models.PositiveIntegerField(default=0, help_text="Those of them from the audit stream.")
    audit_repeated = models.PositiveIntegerField(default=0, help_text="Those of these to a text that had one before.")
    pool_size = models.PositiveIntegerField(default=0)
    pool_counted_at = models.DateTimeField(null=True)
    random_from = models.FloatField(default=0, help_text="Draw up to which the random order has been handed out.")
    second_looks = models.PositiveSmallIntegerField(
        default=0, help_text="Open ones; without any nobody looks for them."
    )
    audit_to = models.FloatField(default=0, help_text="Draw up to which the audit has been handed out.")

    def __str__(self) -> str:
        return f"{self.project}: {self.labelled} served and labelled, {self.audit_labelled} of them audit"


class Annotation(models.Model):
    """A fact: who answered what, when, why it was asked and what the model had said before. Never edited; a changed
    mind is a new row that supersedes this one. An undo supersedes a row with nothing, and what that row had superseded
    is current again. The label that a person imported stays current beside their skip or unsure, which is no answer.
    Who skips a text in a second look leaves their earlier answer standing; the skip is kept `aside` until it is undone.
    A decision in the review stands beside all answers to its text, the reviewer's own too, and is what it teaches.
    """

    class Status(models.TextChoices):
        LABELLED = "labelled", "Labelled"
        SKIPPED = "skipped", "Skipped"
        UNSURE = "unsure", "Unsure"

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
        ]

    def __str__(self) -> str:
        return f"{self.annotator}: {self.status} {self.document_id}"


class GoldText(models.Model):
    """A text whose labels are known for sure. It is slipped into people's streams to see how they answer it; their
    answers (Source.GOLD) teach no model and measure none."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="gold_texts")
    document = models.OneToOneField(Document, on_delete=models.CASCADE, related_name="gold")
    labels: models.ManyToManyField[Label, models.Model] = models.ManyToManyField(Label, related_name="gold_texts")
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Gold: {self.document_id}"


# Django looks for models here.
from labeller.annotation.machine import MachineAnnotator, MachineAnswer  # noqa: E402, F401
from labeller.annotation.second_look import SecondLook  # noqa: E402, F401

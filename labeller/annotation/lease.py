"""Who holds which text, and what serving need not count again."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from labeller.annotation.sources import GOLD_LEASE, Source
from labeller.corpus.models import Document
from labeller.projects.models import Project, User


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
    suggestion_policy = models.CharField(
        max_length=6, blank=True, help_text="The project's policy when it was handed out; empty: not known."
    )
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
            # Of the others nobody is asked: they are what was imported, decided or said by a language model.
            models.CheckConstraint(
                condition=~Q(source__in=[Source.LLM, Source.IMPORT, Source.REVIEW]), name="lease_is_for_a_person"
            ),
            models.CheckConstraint(condition=~Q(source=Source.GOLD) | GOLD_LEASE, name="gold_lease_stands_apart"),
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
    looks_from = models.FloatField(default=0, help_text="Draw of the last text handed out for a second look.")
    audit_to = models.FloatField(default=0, help_text="Draw up to which the audit has been handed out.")
    audit_behind = models.FloatField(
        default=0, help_text="Draw up to which the audit has yet to ask texts of a later import; 0: it has caught up."
    )

    def __str__(self) -> str:
        return f"{self.project}: {self.labelled} served and labelled, {self.audit_labelled} of them audit"

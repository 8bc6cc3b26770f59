"""Labels given to texts from a list, many at once: one row an act, so that it can go on, be told and undone whole."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from labeller.annotation.found import FoundAct
from labeller.learning.id_ranges import unpack
from labeller.projects.models import Project, User


class BulkAct(models.Model):
    """One choice of labels for the texts of a list. The answers themselves are annotations like any other, each with a
    key that follows from this row's and the text's: a chunk that is done again writes nothing twice."""

    class State(models.TextChoices):
        LABELLING = "labelling", _("Labelling")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Undoing")
        UNDONE = "undone", _("Undone")

    UNFINISHED = (State.LABELLING, State.UNDOING)

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="bulk_acts")
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    label_ids = models.JSONField(default=list, help_text="Empty: none of the labels.")
    documents = models.TextField(help_text="Ids of the texts, as ranges.")
    found_by = models.CharField(max_length=300, help_text="How they were found, in words.")
    query = models.TextField(blank=True, help_text="The list's address, to come back to.")
    replace_mine = models.BooleanField(default=False)
    take_reserve = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=State, default=State.LABELLING)
    reason = models.TextField(blank=True, help_text="Why it stopped, in a sentence.")
    total = models.PositiveIntegerField()
    looked_at = models.PositiveIntegerField(default=0, help_text="Texts dealt with so far, of the present state.")
    given = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict, help_text="{standing: texts left as they were}")
    taken_back = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True, help_text="Of the process that works on it.")
    heartbeat_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(looked_at__lte=F("total")), name="bulk_act_within_its_texts"),
            models.CheckConstraint(condition=Q(given__lte=F("total")), name="bulk_act_gives_each_text_once"),
        ]
        indexes = [models.Index(fields=["project", "annotator", "-id"], name="bulk_acts_of_annotator")]

    def __str__(self) -> str:
        return f"{self.annotator}: {self.total} texts, {self.state}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED

    @property
    def document_ids(self) -> list[int]:
        return unpack(self.documents)

    @property
    def act(self) -> FoundAct:
        return FoundAct(self.key, self.label_ids, self.found_by, self.replace_mine, self.take_reserve)

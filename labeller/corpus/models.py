"""The texts of a project, and the jobs that brought them in."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeller.corpus.testset import TestSet, TestText  # noqa: F401, Django looks here
from labeller.projects.models import Project, User


class ImportJob(models.Model):
    """One file on its way in. The row is the truth about it: a task may run twice without harm."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Waiting for a mapping")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class LabelUse(models.TextChoices):
        IGNORE = "ignore", _("Leave them out")
        NAMES = "names", _("Only add their names")
        ANNOTATIONS = "annotations", _("Take them over")
        MACHINE = "machine", _("They come from an LLM, such as a chat program")

    class Purpose(models.TextChoices):
        POOL = "pool", _("To be labelled")
        TEST = "test", _("Only to measure")

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    purpose = models.CharField(max_length=4, choices=Purpose, default=Purpose.POOL)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    file_name = models.CharField(max_length=255)
    path = models.CharField(max_length=500, help_text="Relative to settings.UPLOADS.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    settings = models.JSONField(default=dict, help_text="Format, encoding, delimiter, columns, what labels mean.")
    dry_run = models.JSONField(default=dict, help_text="The last dry run: its state and what an import would do.")
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    reason = models.TextField(blank=True, help_text="Why it failed, in a sentence.")
    bytes_read = models.PositiveBigIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    labelled = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, help_text="Whose turn it is: a worker that lost it writes nothing more.")
    worker = models.CharField(max_length=120, blank=True, help_text="The last process that claimed it: host:pid@crew.")
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Two imports at once into one project would race for the same texts.
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state__in=["queued", "running"]),
                name="one_unfinished_import_per_project",
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_name}: {self.state}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def state_within(self) -> str:
        """The state within a sentence."""
        said = self.get_state_display()
        return said[:1].lower() + said[1:]

    @property
    def is_test(self) -> bool:
        """Its texts measure models and never come into the pool."""
        return self.purpose == self.Purpose.TEST

    @property
    def machine(self) -> str:
        """The name of the language model that gave the file's labels; empty where people did."""
        by_machine = self.settings.get("label_use") == self.LabelUse.MACHINE
        return str(self.settings.get("machine", "")) if by_machine else ""

    @property
    def percent(self) -> int:
        """Of the file's bytes. 0..100."""
        return min(100, 100 * self.bytes_read // self.size) if self.size else 0


class RefusedLine(models.Model):
    """A row of a file that was not taken, and why. Written in the batch's transaction, so that an import taken up
    again after a killed worker lists each line once."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="refused_lines")
    line = models.PositiveIntegerField(help_text="Of the file, from 1; of a row over several lines, the first.")
    reason = models.TextField()
    beginning = models.CharField(max_length=500, blank=True, help_text="Of the row, to find it again.")

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["job", "line"], name="line_refused_once_per_import")]

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason}"


class Document(models.Model):
    """A text of the pool. `draw` is its uniform random number, fixed for life: the audit stream serves the lowest
    ones in this order, and no strategy may choose a text below the project's audit threshold."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="documents")
    text = models.TextField()
    text_hash = models.CharField(max_length=64, help_text="SHA-256 of the normalised text.")
    external_id = models.CharField(max_length=200, blank=True)
    metadata = models.JSONField(default=dict)
    draw = models.FloatField()
    import_job = models.ForeignKey(ImportJob, null=True, on_delete=models.SET_NULL, related_name="documents")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # The same file twice adds nothing, even when two processes import it at once.
            models.UniqueConstraint(fields=["project", "text_hash"], name="text_once_per_project"),
            models.CheckConstraint(condition=Q(draw__gte=0) & Q(draw__lt=1), name="document_draw_0_to_1"),
        ]
        indexes = [models.Index(fields=["project", "draw"], name="document_by_draw")]

    def __str__(self) -> str:
        return self.text[:60]

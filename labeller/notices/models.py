"""What has happened that people should hear of, who has heard it, and what was sent out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from labeller.learning.models import TrainingRun
from labeller.projects.models import Project, User

# Relations to the project have no way back: what is only told of a project is no sign that it was begun
# (projects.selectors.is_started looks at all others).


class Notice(models.Model):
    """One event, in a sentence. A fact: written once, for each run at most once."""

    class Kind(models.TextChoices):
        DONE = "done", _("A run has finished")
        FAILED = "failed", _("A run has failed")
        STOP = "stop", _("Stopping is advised")
        TEST = "test", pgettext_lazy("noun", "Test")

    ANNOUNCED = (Kind.DONE, Kind.FAILED, Kind.STOP)
    STAYS = (Kind.FAILED, Kind.STOP)  # until it is put away: somebody has to do something about it

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind)
    run = models.OneToOneField(TrainingRun, null=True, on_delete=models.CASCADE, related_name="notice")
    sentence = models.TextField()
    labels = models.PositiveIntegerField(default=0, help_text="There were, when stopping was advised.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-created_at"], name="notices_of_project")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["done", "failed"]) | Q(run__isnull=True), name="only_a_run_s_notice_has_a_run"
            )
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def stays(self) -> bool:
        return self.kind in self.STAYS


class SeenNotices(models.Model):
    """Up to which notice a person has put them away, on whatever device."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    upto = models.PositiveBigIntegerField(help_text="Id of the newest notice put away.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_mark_per_person_and_project")]

    def __str__(self) -> str:
        return f"{self.user} up to {self.upto}"


class NoticeSettings(models.Model):
    """Where a project's notices go besides its pages."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    addresses = models.JSONField(default=list, help_text="E-mail addresses, each gets a letter of its own.")
    webhook = models.CharField(max_length=500, blank=True)
    on_failure = models.BooleanField(default=True)
    on_stop = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"Notices of {self.project}"


class Delivery(models.Model):
    """One notice on its way to one address, and what became of it.

    `due_at` is when the next try may begin. Whoever tries moves it on first, by a conditional update: so a task that is
    delivered twice sends once, and one whose worker was killed is due again.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")

    class State(models.TextChoices):
        QUEUED = "queued", _("On its way")
        SENT = "sent", pgettext_lazy("a letter", "Sent")
        FAILED = "failed", _("Failed")

    MAX_ATTEMPTS = 3

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=7, choices=Channel)
    target = models.CharField(max_length=500)
    state = models.CharField(max_length=6, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    outcome = models.TextField(blank=True, help_text="Of the last try, in words.")
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel", "target"], name="one_delivery_per_notice_and_address")
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.target}: {self.state}"

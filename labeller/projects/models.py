"""Who works on what: users, projects, their labels, members and invitations."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

INVITATION_DAYS = 14


class User(AbstractUser):
    """A person. Sign-up is closed: accounts are made by the owner or by accepting an invitation."""


class Project(models.Model):
    class Kind(models.TextChoices):
        SINGLE = "single", _("One label per text")
        MULTI = "multi", _("Several labels per text")

    class Suggestions(models.TextChoices):
        SHOWN = "shown", _("Show the model's suggestion")
        HIDDEN = "hidden", _("Hide it (no anchoring)")
        HALF = "half", _("Show it with half of the texts, drawn at random, to measure the anchoring")

    class Strategy(models.TextChoices):
        """What the settings page offers. The column holds any name of the learner's table; simulate compares them."""

        DEFAULT = "default", _("The most useful text first")
        RANDOM = "random", _("At random")

    class OverlapOn(models.TextChoices):
        """Which texts several people answer. Read together with `overlap`, in labeller/annotation/overlap.py."""

        ALL = "all", _("Every text")
        DRAWN = "drawn", _("A share of the texts drawn at random")

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, unique=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SINGLE)
    language = models.CharField(
        max_length=10, blank=True, help_text="BCP 47, of texts, labels and guidelines; empty: not known, or several."
    )
    guidelines = models.TextField(blank=True, help_text="Markdown, shown beside the text.")
    guidelines_number = models.PositiveIntegerField(default=0, help_text="Of the newest version; 0 before the first.")
    encoder = models.CharField(max_length=80, help_text="A key of settings.ENCODERS, the owner's list.")
    suggestions = models.CharField(max_length=10, choices=Suggestions, default=Suggestions.SHOWN)
    overlap = models.PositiveSmallIntegerField(
        default=1, help_text="How many people answer a text that several answer."
    )
    overlap_on = models.CharField(max_length=5, choices=OverlapOn, default=OverlapOn.ALL)
    overlap_share = models.PositiveSmallIntegerField(default=10, help_text="Of the texts drawn at random, per cent.")
    gold_share = models.PositiveSmallIntegerField(default=5, help_text="Of what is served to a person, per cent.")
    strategy = models.CharField(max_length=40, default=Strategy.DEFAULT, help_text="Name of the query strategy.")
    audit = models.BooleanField(default=True, help_text="Whether texts are set apart to measure the models.")
    seed = models.PositiveIntegerField(help_text="Makes every random choice of this project repeatable.")
    form_key = models.UUIDField(null=True, unique=True, editable=False, help_text="Of the form that made it.")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, help_text="Since when it is closed to everybody; null: it is open.")
    deletion_asked_at = models.DateTimeField(null=True, help_text="Since when it is being deleted for good.")
    deletion_claim = models.UUIDField(null=True, help_text="Of the process that deletes it now.")
    deletion_beat_at = models.DateTimeField(
        null=True, help_text="The last sign of its deletion: handed to the workers, or worked on."
    )
    deletion_table = models.CharField(max_length=100, default="", help_text="How far its deletion is: in this table,")
    deletion_key = models.BigIntegerField(default=0, help_text="and in it behind this key.")
    deletion_is_stuck = models.BooleanField(default=False, help_text="Whether a folder of it cannot be removed.")
    members: models.ManyToManyField[User, Membership] = models.ManyToManyField(
        User, through="Membership", related_name="projects"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(overlap__gte=1) & Q(overlap__lte=10), name="project_overlap_1_to_10"),
            models.CheckConstraint(
                condition=Q(overlap_share__gte=1) & Q(overlap_share__lte=100), name="project_overlap_share_1_to_100"
            ),
            models.CheckConstraint(condition=Q(gold_share__lte=50), name="project_gold_share_at_most_50"),
            # Somebody brings it back while somebody else has it deleted: one of the two finds no row to change.
            models.CheckConstraint(
                condition=Q(deletion_asked_at=None) | Q(archived_at__isnull=False), name="only_an_archived_project_goes"
            ),
            models.CheckConstraint(
                condition=Q(deletion_claim=None) | Q(deletion_asked_at__isnull=False),
                name="nobody_deletes_a_project_unasked",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_multi(self) -> bool:
        return self.kind == self.Kind.MULTI

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def is_going(self) -> bool:
        """Whether it is being deleted for good."""
        return self.deletion_asked_at is not None


class LabelsInUse(models.Manager["Label"]):
    """Without the retired ones, which only older answers and models know."""

    def get_queryset(self) -> models.QuerySet[Label]:
        return super().get_queryset().filter(retired_at=None)


class Label(models.Model):
    """`Label.objects` and `project.labels` are the labels of now; `Label.everything` knows the retired ones too."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    colour = models.CharField(max_length=7, validators=[RegexValidator(r"^#[0-9a-f]{6}\Z")])
    hotkey = models.CharField(max_length=1, blank=True, validators=[RegexValidator(r"^[1-9a-z]?\Z")])
    position = models.PositiveIntegerField()
    on_offer = models.BooleanField(
        default=True,
        help_text="False while its texts are looked at again after it was split: nobody gives it any more.",
    )
    retired_at = models.DateTimeField(null=True, help_text="When it was merged or its split was done. Answers name it.")
    merged_into = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="+")
    read_as = models.ForeignKey(
        "self", null=True, on_delete=models.CASCADE, related_name="+", help_text="Where its merges lead to in the end."
    )

    objects = LabelsInUse()
    everything: ClassVar[models.Manager[Label]] = models.Manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                F("project"), Lower("name"), condition=Q(retired_at=None), name="label_name_once_per_project"
            ),
            # Two labels on one key would make a keystroke ambiguous.
            models.UniqueConstraint(
                fields=["project", "hotkey"], condition=~Q(hotkey=""), name="label_hotkey_once_per_project"
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None, read_as=None)
                | Q(retired_at__isnull=False, merged_into__isnull=False, read_as__isnull=False),
                name="merged_label_is_retired",
            ),
            models.CheckConstraint(condition=Q(retired_at=None) | Q(hotkey=""), name="retired_label_has_no_hotkey"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    MANAGER = "manager", _("Manager")
    ANNOTATOR = "annotator", _("Annotator")
    READER = "reader", _("Reader")

    @property
    def in_words(self) -> str:
        """As it stands within a sentence."""
        words = {"manager": _("manager"), "annotator": _("annotator"), "reader": _("reader")}
        return str(words[self.value])


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_user_and_project")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project}"

    @property
    def role_in_words(self) -> str:
        return Role(self.role).in_words

    @property
    def may_manage(self) -> bool:
        return self.role == Role.MANAGER

    @property
    def may_label(self) -> bool:
        return self.role in (Role.MANAGER, Role.ANNOTATOR)

    @property
    def may_see_answers(self) -> bool:
        """What others said of single texts. Not an annotator: who may still be asked stays blind."""
        return self.role in (Role.MANAGER, Role.READER)


def _invitation_token() -> str:
    return secrets.token_urlsafe(32)


def _invitation_expiry() -> datetime:
    return timezone.now() + timedelta(days=INVITATION_DAYS)


class Invitation(models.Model):
    """A link that lets one person in, once, with one role."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role)
    token = models.CharField(max_length=64, unique=True, default=_invitation_token)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=_invitation_expiry)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    LIFETIME_DAYS: ClassVar[int] = INVITATION_DAYS

    def __str__(self) -> str:
        return f"Invitation to {self.project} as {self.role}"

    @property
    def role_in_words(self) -> str:
        return Role(self.role).in_words

    @property
    def is_open(self) -> bool:
        unused = self.accepted_at is None and self.revoked_at is None
        return unused and self.expires_at > timezone.now() and not self.project.is_archived


from labeller.projects.history import GuidelinesVersion, LabelMerge  # noqa: E402, F401, Django looks here

"""Runs, the models that came out of them, and what these said about the audit texts."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from labeller.corpus.models import Document
from labeller.learning.agreement import AgreementReading  # noqa: F401, Django looks here
from labeller.learning.measures import AnswerThresholds, OrderComparison, RunningScore  # noqa: F401, Django looks here
from labeller.learning.testscores import TestAnswers, TestScore  # noqa: F401, and here
from labeller.projects.models import Project, User


class TrainingRun(models.Model):
    """One piece of long work in the training cluster. Idempotence lives in this row, not in the queue's counters: a
    redelivered task that finds it done, or its heartbeat fresh, returns; a stale heartbeat is claimed once more, and
    past the second attempt the run is failed with a reason."""

    class Kind(models.TextChoices):
        EMBED = "embed", _("Reading the texts")
        FULL = "full", _("Fine-tuning")
        CHECK = "check", _("Comparing language models")
        GAUGE = "gauge", _("Measuring")
        TEST = "test", _("Measuring on the test file")
        WEIGH = "weigh", _("Weighing the answers")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    UNFINISHED = (State.QUEUED, State.RUNNING)
    MAX_ATTEMPTS = 2

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=5, choices=Kind)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    labels_at_start = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True, help_text="host:pid of the last process that claimed it.")
    stage = models.CharField(max_length=120, blank=True, help_text="What it does now, in words.")
    progress = models.FloatField(default=0)
    seconds_left = models.FloatField(null=True)
    heartbeat_at = models.DateTimeField(null=True, help_text="The last sign of it: enqueued, or alive in a worker.")
    claim = models.UUIDField(null=True, help_text="Of the process that works on it; a taken-over run has another.")
    cancel_requested = models.BooleanField(default=False)
    reason = models.TextField(blank=True, help_text="Why it failed or was not promoted, in a sentence.")
    log = models.JSONField(default=list, help_text="Loss by epoch and the like.")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            # A click and a trigger at the same moment: one of the two inserts fails, one run is started.
            models.UniqueConstraint(
                fields=["project", "kind"],
                condition=Q(state__in=["queued", "running"]),
                name="one_unfinished_run_per_project_and_kind",
            ),
            models.CheckConstraint(condition=Q(progress__gte=0) & Q(progress__lte=1), name="run_progress_0_to_1"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}: {self.state}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED


class ModelVersion(models.Model):
    """A model and how good it was on the audit texts of its moment. Metrics are stored then, never recomputed."""

    class Kind(models.TextChoices):
        QUICK = "quick", _("Quick")
        FULL = "full", _("Full")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, choices=Kind)
    run = models.ForeignKey(TrainingRun, null=True, on_delete=models.SET_NULL, related_name="versions")
    base = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Full version whose encoder it reads.",
    )
    encoder = models.CharField(max_length=80)
    encoder_sha256 = models.CharField(max_length=64)
    folder = models.CharField(max_length=300, help_text="Relative to settings.ARTIFACTS.")
    label_ids = models.JSONField(help_text="In the order of the head's outputs.")
    n_labels = models.PositiveIntegerField(help_text="Labelled texts it learnt from: the curve's x.")
    n_audit = models.PositiveIntegerField(default=0)
    metrics = models.JSONField(default=dict, help_text="The learner's AuditReport as a dict, and reliability.")
    scored_how = models.CharField(max_length=200, blank=True, help_text="How the audit number was made, in words.")
    settings = models.JSONField(default=dict)
    seed = models.PositiveIntegerField()
    duration_s = models.FloatField()
    promoted_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, help_text="Its files are gone; its figures stay, as facts.")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="one_model_per_number")]

    def __str__(self) -> str:
        return f"Model {self.number}"

    @property
    def promoted_by_run(self) -> bool:
        """Whether the run that made it put it into service: else somebody did so later, or nobody ever."""
        return self.promoted_at is not None and self.promoted_at <= self.created_at


class VersionSnapshot(models.Model):
    """What a version learnt from. A row of its own: it is long, and read only to look it up or to make the model again.
    Ids are written as ranges (`id_ranges`)."""

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, primary_key=True, related_name="snapshot")
    annotations = models.TextField(help_text="Ids of the answers it learnt from or was scored by.")
    texts = models.TextField(blank=True, help_text="Ids of the texts it could look at without their labels.")
    queue = models.TextField(
        blank=True,
        default="",
        help_text="Ids of the texts that were asked for next when its full run began, which reads them early.",
    )

    def __str__(self) -> str:
        return f"What {self.version_id} learnt from"


class AuditPrediction(models.Model):
    """What a version said of an audit text that it had not learnt from, frozen with the answer of that time."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="audit_predictions")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    probabilities = models.JSONField(help_text="In the order of version.label_ids.")
    predicted = models.JSONField(help_text="Label ids.")
    gold = models.JSONField(help_text="Label ids given by people, as known then.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "document"], name="one_prediction_per_version_and_text")
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.document_id}"


class PoolReading(models.Model):
    """What a version said of the pool when it was made, in one small row, and what follows from it. The predictions
    come from models that have not learnt the text: of labelled texts from cross-fitting; and where the encoder was
    fine-tuned the texts are those of the audit's reserve, which it never learns from."""

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="reading")
    compared_with = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.SET_NULL, related_name="+", help_text="The version in use before."
    )
    pool_size = models.PositiveIntegerField(help_text="Texts in the project.")
    texts = models.PositiveIntegerField(help_text="Texts it was asked about.")
    confidence = models.FloatField(help_text="Mean probability that its whole answer is right.")
    confidence_variance = models.FloatField()
    doubtful = models.FloatField(help_text="Share of the texts of which it is less than 80 % sure.")
    entropy = models.FloatField(help_text="Mean, as a share of the most there can be.")
    by_label = models.JSONField(
        help_text="By column: mean, variance of the probability; share of texts given the label, and rightly so."
    )
    off = models.FloatField(null=True, help_text="Mean of right (1 or 0) less confidence over the audit texts.")
    off_variance = models.FloatField(null=True)
    kappa = models.FloatField(null=True, help_text="Cohen's, with the version before, on the stop set.")
    unchanged = models.FloatField(null=True, help_text="Share of the stop set with the same answer as before.")
    audit_sample = models.JSONField(
        null=True,
        help_text="annotation.audit_sample.AuditSample, on which what follows stands. Null: on all audit texts.",
    )
    tightened = models.JSONField(null=True, help_text="Accuracy by prediction-powered inference: value, low, high.")
    tightened_f1 = models.JSONField(null=True, help_text="Macro-F1 with the model's help (assisted_f1.py).")
    tightened_labels = models.JSONField(
        default=list, help_text="Precision, recall and F1 of each label in the same way, by column."
    )
    shares = models.JSONField(default=list, help_text="By column: the label's share of the pool; empty: too few.")
    forecast = models.JSONField(null=True, help_text="The learner's Forecast as a dict.")
    advice = models.JSONField(null=True, help_text="The learner's Advice as a dict.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(texts__lte=F("pool_size")), name="reading_within_the_pool"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0) & Q(confidence__lte=1), name="reading_confidence_0_to_1"
            ),
            models.CheckConstraint(condition=Q(entropy__gte=0) & Q(entropy__lte=1), name="reading_entropy_0_to_1"),
            models.CheckConstraint(condition=Q(kappa__isnull=True) | Q(kappa__lte=1), name="reading_kappa_at_most_1"),
        ]

    def __str__(self) -> str:
        return f"{self.version} of {self.texts} texts"

    @property
    def n_sampled(self) -> int:
        """Audit texts that are a uniform sample of the pool."""
        return self.audit_sample["texts"] if self.audit_sample else self.version.n_audit


class StopSet(models.Model):
    """The answers of the version in use on a fixed random part of the pool. The next version is compared with them and
    puts its own in their place: kilobytes a project, however many versions."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="stop_set")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="+")
    label_ids = models.JSONField(help_text="Columns of the answers.")
    document_ids = models.BinaryField(help_text="int64, ascending.")
    answers = models.BinaryField(help_text="A row of bits for each text, each filled up to whole bytes.")

    def __str__(self) -> str:
        return f"Answers of {self.version}"


class LoopState(models.Model):
    """What the loop of one project remembers between tasks."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="loop")
    refresh_pending = models.BooleanField(default=False, help_text="A quick refit is queued and has not begun.")
    refresh_pending_since = models.DateTimeField(null=True)
    refresh_claim = models.UUIDField(null=True, help_text="Of the process that refits now; one at a time.")
    refresh_claimed_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)
    refresh_labels = models.PositiveIntegerField(default=0, help_text="Labels the last quick refit saw.")
    refresh_error = models.TextField(blank=True)
    reading = models.CharField(
        max_length=80,
        blank=True,
        help_text="Encoder whose embeddings the queue goes on with while the project's own reads the pool; else empty.",
    )
    serving = models.ForeignKey(
        ModelVersion,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Promoted full version.",
    )
    pinned = models.BooleanField(default=False, help_text="What serves goes on serving: no run is promoted over it.")
    returning = models.ForeignKey(
        ModelVersion,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Earlier full version that is to serve again as soon as it has read the pool.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(returning=F("serving")), name="what_serves_is_not_on_its_way_back")
        ]

    def __str__(self) -> str:
        return f"Loop of {self.project}"


class EncoderCheck(models.Model):
    """Encoders of the owner's list compared on the labels of a moment, and what a manager made of it. A fact: stored
    once, decided once. A project that has changed its encoder since is not asked about it any more."""

    class Decision(models.TextChoices):
        TAKEN = "taken", _("Taken")
        DECLINED = "declined", _("Declined")

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="encoder_checks")
    run = models.OneToOneField(TrainingRun, null=True, on_delete=models.SET_NULL, related_name="check_result")
    current = models.CharField(max_length=80, help_text="The project's encoder at that time.")
    proposed = models.CharField(max_length=80, blank=True, help_text="Better beyond chance; empty: none is.")
    n_labels = models.PositiveIntegerField(help_text="Labelled texts there were.")
    result = models.JSONField(help_text="The learner's EncoderChoice as a dict, speed, and what failed.")
    created_at = models.DateTimeField(auto_now_add=True)
    decision = models.CharField(max_length=8, choices=Decision, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision="taken") | ~Q(proposed=""), name="only_a_proposed_encoder_is_taken"
            )
        ]

    def __str__(self) -> str:
        return f"Encoders of {self.project} at {self.n_labels} labels"


class ModelExport(models.Model):
    """A zip of one version, built and checked in the background before it is offered."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Building and checking")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")

    UNFINISHED = (State.QUEUED, State.RUNNING)
    MAX_ATTEMPTS = 2

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="exports")
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True)
    path = models.CharField(max_length=300, blank=True, help_text="Relative to settings.ARTIFACTS.")
    size = models.PositiveBigIntegerField(default=0)
    check_result = models.JSONField(default=dict, help_text="Texts compared and the largest difference.")
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True, help_text="host:pid of the last process that claimed it.")
    claim = models.UUIDField(null=True, help_text="Of the process that builds it.")
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(state__in=["queued", "running"]),
                name="one_unfinished_export_per_version",
            )
        ]

    def __str__(self) -> str:
        return f"Export of {self.version}: {self.state}"

    @property
    def is_finished(self) -> bool:
        return self.state not in self.UNFINISHED

    @property
    def was_built(self) -> bool:
        """Whether there was a checked zip once, whatever became of it."""
        return bool(self.path)


class WorkerPulse(models.Model):
    """A worker process that is alive, because it said so a moment ago."""

    cluster = models.CharField(max_length=40)
    process = models.CharField(max_length=120, unique=True, help_text="host:pid")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.cluster} {self.process}"

"""Reads of the loop: who is alive, what runs, which model ordered the queue."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, Ranking, ServingCounter
from labeller.annotation.selectors import audit_texts_carrying, current_labels
from labeller.corpus.testset import TestSet
from labeller.learning.decisions import by_labels_at_hand, seen_behind
from labeller.learning.models import LoopState, ModelVersion, TrainingRun, WorkerPulse
from labeller.learning.testscores import TestScore
from labeller.learning.triggers import ENOUGH_CARRYING, TEXTS_A_KIND, enough_audit, kinds_among, next_full_at
from labeller.projects.models import Project

ALIVE = timedelta(seconds=12)  # four pulses missed: call it dead
CLUSTERS = ("quick", "training")
RECENT_FULL_RUNS = 8  # the largest of them tells when the next one is due
GENTLE_SECONDS = 5.0  # how long an answer about workers is believed while somebody labels


@dataclass
class _Kept:
    """This process's last answer. Not in the shared cache: serving must not fail when that is away."""

    answer: bool = False
    asked_at: float = float("-inf")


_kept = _Kept()


def workers_alive(cluster: str) -> bool:
    """Whether a worker of this cluster has said so within the last 12 seconds."""
    return WorkerPulse.objects.filter(cluster=cluster, seen_at__gt=timezone.now() - ALIVE).exists()


def queue_is_kept() -> bool:
    """Whether anybody keeps queues in order. Asked at every served text, so the answer is cached for 5 seconds."""
    now = time.monotonic()
    if now - _kept.asked_at > GENTLE_SECONDS:
        _kept.answer, _kept.asked_at = workers_alive("quick"), now
    return _kept.answer


def forget_whether_the_queue_is_kept() -> None:
    """Ask again at the next text."""
    _kept.asked_at = float("-inf")


class LabelCount(NamedTuple):
    """How many texts are labelled, how many may teach, being none of the audit's, and how many kinds these are of."""

    labels: int
    teaching: int
    kinds: int


def teaching_labels(project: Project) -> LabelCount:
    """What a full run would learn from: no text that was answered in the audit, nor one that the audit may still draw,
    though a file or a search has labelled it (`may_teach` in bridges/pool.py)."""
    labels, teaching, reserve = 0, list[tuple[int, ...]](), labelled_reserve(project)
    for row in current_labels(project):
        labels += 1
        if not row.is_audit and row.document_id not in reserve:
            teaching.append(row.label_ids)
    return LabelCount(labels, len(teaching), kinds_among(teaching))


def labelled_reserve(project: Project) -> set[int]:
    """Ids of the texts of the audit's reserve that anybody has answered. Two queries; none where the audit is off."""
    if not project.audit:
        return set()
    below = reserve_below(project, project.documents.count())
    answers = Annotation.objects.filter(project=project, superseded_at=None, document__draw__lt=below)
    return set(answers.values_list("document_id", flat=True))


def labelled_kinds(project: Project) -> tuple[int, int]:
    """(labelled texts, kinds of text among them): what a quick head learns from."""
    answers = [row.label_ids for row in current_labels(project)]
    return len(answers), kinds_among(answers)


@dataclass(frozen=True)
class LearningStatus:
    """All that `learning/_status.html` shows, in at most eight queries."""

    ranking: Ranking | None  # None: nothing has ordered the queue yet
    refresh_error: str  # why the last quick refit failed; empty when it did not
    serving: ModelVersion | None  # the promoted full version
    embed: TrainingRun | None  # unfinished, or failed with nothing newer of its kind
    full: TrainingRun | None
    next_full: int  # labels at which the next full run starts by itself
    missing: list[str]  # clusters without a worker, of "quick" and "training"

    @property
    def is_busy(self) -> bool:
        return any(run is not None and run.is_unfinished for run in (self.embed, self.full))


def learning_status(project: Project) -> LearningStatus:
    ranking = Ranking.objects.filter(project=project).first()
    loop = LoopState.objects.select_related("serving").filter(project=project).first()
    full = full_runs(project.pk)
    can_tell = waits_for_the_audit(full) and _audit_can_tell(project, ranking)
    # A query of its own: after a few imports there are many of these, and one list of both kinds hid the full ones.
    embed = (
        TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.EMBED).defer("log").order_by("-id").first()
    )
    alive = set(
        WorkerPulse.objects.filter(seen_at__gt=timezone.now() - ALIVE).values_list("cluster", flat=True).distinct()
    )
    return LearningStatus(
        ranking=ranking,
        refresh_error=loop.refresh_error if loop else "",
        serving=loop.serving if loop else None,
        embed=worth_showing(embed),
        full=worth_showing(full[0] if full else None),
        next_full=max(next_full_of(full, audit_can_tell=can_tell), _two_a_kind(project, ranking)),
        missing=[cluster for cluster in CLUSTERS if cluster not in alive],
    )


def _audit_labels(project: Project) -> int:
    return ServingCounter.objects.filter(project=project).values_list("audit_labelled", flat=True).first() or 0


def _two_a_kind(project: Project, ranking: Ranking | None) -> int:
    """Labels before which no full run starts by itself, by the kinds met so far, were all that come to teach. The
    answers themselves are only read while they are few: later there are two texts for any number of kinds, though all
    came with a file and the reserve has its share of them, twice what is to be expected."""
    if ranking is None:
        return 0
    share, audit = 2 * reserve_below(project, ranking.pool_size), _audit_labels(project)
    if (ranking.labels_seen - audit) * (1 - share) >= TEXTS_A_KIND * (project.labels.count() + 1):  # or none fits
        return 0
    known = teaching_labels(project)
    missing = TEXTS_A_KIND * known.kinds - known.teaching
    return known.labels + missing if missing > 0 else 0


def next_full_of(runs: list[TrainingRun], *, audit_can_tell: bool) -> int:
    """Labels at which the next full run is due after these, newest first. `audit_can_tell`: whether the audit could
    judge the last one by now."""
    unjudged = audit_can_tell and waits_for_the_audit(runs)
    return next_full_at(labels_at_last_full(runs), refused=refused_in_a_row(runs), unjudged=unjudged)


def waits_for_the_audit(runs: list[TrainingRun]) -> bool:
    """Whether labels at hand decided about the last of these full runs. Not where one was tried since: a failure is not
    tried at each label."""
    return bool(runs) and runs[0].state == TrainingRun.State.DONE and by_labels_at_hand(_last_word(runs[0]))


def _last_word(run: TrainingRun) -> str:
    """What was decided about its last model."""
    return str(getattr(run, "decided", None) or "")


def _audit_can_tell(project: Project, ranking: Ranking | None) -> bool:
    """As a run decides it (bridges/deciding.py), by two counts instead of all answers."""
    if ranking is None or _audit_labels(project) < enough_audit(ranking.labels_seen):
        return False
    return not project.is_multi or audit_texts_carrying(project) >= ENOUGH_CARRYING


def labels_at_last_full(runs: list[TrainingRun]) -> int:
    """Labels at the start of the largest of these full runs, however it ended: a failure is not tried at each label."""
    return max((run.labels_at_start for run in runs), default=0)


def refused_in_a_row(runs: list[TrainingRun]) -> int:
    """How many of these full runs, newest first, made a model that was seen behind, since one was put into service.
    Those that failed, or of which too few labels could tell, say nothing."""
    refused = 0
    for run in runs:
        if run.state == TrainingRun.State.DONE and not run.reason:
            break
        refused += run.state == TrainingRun.State.DONE and seen_behind(run.reason)
    return refused


def full_runs(project_id: int) -> list[TrainingRun]:
    """The newest full runs, newest first."""
    rows = TrainingRun.objects.filter(project_id=project_id, kind=TrainingRun.Kind.FULL)
    last = ModelVersion.objects.filter(run=OuterRef("pk")).order_by("-number").values("settings__promotion")[:1]
    return list(rows.annotate(decided=Subquery(last)).defer("log").order_by("-id")[:RECENT_FULL_RUNS])


def newest_quick_version(project_id: int, *, base: ModelVersion | None, encoder: str) -> ModelVersion | None:
    """The newest quick model whose head reads the encoder of `base` (None: the pretrained one of this key)."""
    quick = ModelVersion.objects.filter(project_id=project_id, kind=ModelVersion.Kind.QUICK, base=base, encoder=encoder)
    return quick.order_by("-number").first()


def unscored(project: Project, test_set: TestSet | None) -> QuerySet[ModelVersion]:
    """Models whose files are there and that were not measured on this set yet, newest first; none without a set."""
    if test_set is None:
        return ModelVersion.objects.none()
    there = ModelVersion.objects.filter(project=project, deleted_at=None).order_by("-number")
    return there.exclude(Exists(TestScore.objects.filter(version=OuterRef("pk"), test_set=test_set)))


def newest_test_run(project: Project) -> TrainingRun | None:
    """The newest run that measures on the test file, however far it came."""
    return TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.TEST).defer("log").order_by("-id").first()


def worth_showing(newest: TrainingRun | None) -> TrainingRun | None:
    """The newest run of a kind, unless it ended as it should."""
    ended_well = newest is not None and newest.state in (TrainingRun.State.DONE, TrainingRun.State.CANCELLED)
    # A finished run that was not promoted has a reason to read.
    return None if newest is None or (ended_well and not newest.reason) else newest

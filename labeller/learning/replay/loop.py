"""A labelled file played through the loop: the same queue, answers, refits, triggers, runs and promotions as in use.

What a person does is done by the services that the page calls; what the workers do, by the tasks that they call, in
this process and in turn. Only the clock differs: nobody reads, so a full run ends before the next answer comes.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string

from labeller.annotation import serving
from labeller.annotation.answers import Given, answer, answer_and_serve
from labeller.annotation.in_hand import LEASE_LASTS
from labeller.annotation.models import Lease, Source
from labeller.corpus.models import Document
from labeller.corpus.normalise import text_hash
from labeller.learning import artifacts, pulse, selectors, services, tasks
from labeller.learning.bridges.replay import Examiner
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.learning.replay.lines import ReplayRefused
from labeller.learning.triggers import enough_to_teach
from labeller.projects.models import Project, User

PULSE_S = 3.0
TOLD = ("stage", "teacher", "accuracy_unseen", "expected_right", "pseudo_labels", "rounds")  # of a stage's own facts


@dataclass(frozen=True)
class Plan:
    labels: tuple[int, ...]  # counts at which the models are examined, ascending
    full_at: tuple[int, ...] | None = None  # full runs at these counts alone; None: as the triggers say
    refit_every: int = 1  # answers between two refits of the quick model
    found_first: bool = False  # begin with one text of each label, as somebody finds it by search


@dataclass
class Replay:
    project: Project
    annotator: User
    answers: dict[str, list[int]]  # hash of a text -> ids of its labels
    examiner: Examiner
    plan: Plan
    held: list[serving.Served] = field(default_factory=list)
    given: int = 0
    rounds: list[dict[str, Any]] = field(default_factory=list)  # full runs since the last point
    refit_s: list[float] = field(default_factory=list)
    seen_alive: float = float("-inf")

    def play(self) -> Iterator[dict[str, Any]]:
        """A point for each number of labels wanted that is greater than those given, until the pool is used up. Raises
        ReplayRefused when the loop cannot go on, with its own reason."""
        services.request_refresh(project_id=self.project.pk)
        self._work_off()
        if self.plan.found_first and not self.given:
            self._find_one_of_each()
        full_at = self.plan.full_at or ()
        for count in sorted(count for count in {*self.plan.labels, *full_at} if count > self.given):
            while self.given < count:
                if not self._answer_one():
                    return
                if self.given % self.plan.refit_every == 0 or self.given == count:
                    self._work_off()
            if count in full_at:
                self._full_run()
            if count in self.plan.labels:
                yield self._point()

    def _answer_one(self) -> bool:
        """As the page does it: answer the text in hand, get others ahead. False when no text is left."""
        self._say_alive()
        if not self.held:
            self.held = serving.serve(project=self.project, annotator=self.annotator)
        if not self.held:
            return False
        text = self.held[0]
        labels = self.answers[text_hash(text.text)]
        given = Given(uuid.uuid4(), "labelled", labels, seconds=1.0, lease_key=text.key)
        _, self.held = answer_and_serve(project=self.project, annotator=self.annotator, given=given)
        self.given += 1
        return True

    def _say_alive(self) -> None:
        """Without a worker's sign of life the queue is served in random order."""
        if time.monotonic() - self.seen_alive > PULSE_S:
            pulse.beat("quick")
            selectors.forget_whether_the_queue_is_kept()
            self.seen_alive = time.monotonic()

    def _work_off(self) -> None:
        """What the workers would do by now, until nothing is queued."""
        while True:
            run = TrainingRun.objects.filter(project=self.project, state="queued").order_by("id").first()
            if run is None:
                if not LoopState.objects.filter(project=self.project, refresh_pending=True).exists():
                    return
                self._refit()
            elif run.kind == TrainingRun.Kind.FULL and self.plan.full_at is not None:
                services.cancel(run=run)  # the trigger takes it for done
            else:
                self._carry_out(run)

    def _refit(self) -> None:
        started = time.perf_counter()
        tasks.refresh_queue(self.project.pk)
        self.refit_s.append(time.perf_counter() - started)
        error = LoopState.objects.values_list("refresh_error", flat=True).get(project=self.project)
        if error:
            raise ReplayRefused(f"The quick model failed at {self.given} labels: {error}")

    def _full_run(self) -> None:
        _labels, teaching, kinds = selectors.teaching_labels(self.project)
        if kinds >= 2 and not enough_to_teach(teaching, kinds):
            reason = f"{teaching} labels of {kinds} kinds: as in use, a full run waits for two texts a kind."
            self.rounds.append({"labels": self.given, "state": "not due", "reason": reason})
            return
        try:
            run = services.start_full(project=self.project, enqueue=False)
        except services.RunRefused as refusal:
            self.rounds.append({"labels": self.given, "state": "refused", "reason": str(refusal)})
            return
        self._carry_out(run)
        self._work_off()

    def _carry_out(self, run: TrainingRun) -> None:
        before = set(ModelVersion.objects.filter(project=self.project).values_list("pk", flat=True))
        started, at = time.perf_counter(), timezone.now()
        import_string(services.RUN_TASKS[TrainingRun.Kind(run.kind)])(run.pk)
        seconds = time.perf_counter() - started
        run.refresh_from_db()
        self.seen_alive = float("-inf")
        if run.state == TrainingRun.State.FAILED:
            raise ReplayRefused(f"{run.get_kind_display()} failed at {self.given} labels: {run.reason}")
        if run.kind != TrainingRun.Kind.FULL:
            return
        self._forget_encoders()
        made = ModelVersion.objects.filter(project=self.project).exclude(pk__in=before).order_by("number")
        self.rounds.append(
            {
                "labels": self.given,
                "state": run.state,
                "seconds": round(seconds, 2),
                "reason": run.reason,
                "pool": next((str(entry["pool"]) for entry in run.log if "pool" in entry), ""),  # why it was not used
                "versions": [_version(version, at) for version in made],
            }
        )

    def _forget_encoders(self) -> None:
        """Only the one that serves is read again, and each weighs 90 MB."""
        full = ModelVersion.objects.filter(project=self.project, kind=ModelVersion.Kind.FULL)
        for version in full.exclude(pk__in=LoopState.objects.filter(project=self.project).values("serving")):
            shutil.rmtree(artifacts.absolute(version.folder) / "encoder", ignore_errors=True)

    def _point(self) -> dict[str, Any]:
        """The models now, and what they cost since the last point."""
        point = {"labels": self.given} | self.examiner.examine()
        point["examining_s"] = point.pop("seconds")
        refits = sorted(self.refit_s)
        point["refit_s"] = round(refits[len(refits) // 2], 3) if refits else None
        point["learning_s"] = round(sum(refits) + sum(r.get("seconds", 0.0) for r in self.rounds), 2)
        point["rounds"] = self.rounds
        self.rounds, self.refit_s = [], []
        return point

    def _find_one_of_each(self) -> None:
        """One text of each label, any of them, answered as somebody who searched for it would."""
        rng, done = Random(self.project.seed), set[int]()  # noqa: S311 (a replay to repeat, no secret)
        documents = dict(Document.objects.filter(project=self.project).values_list("pk", "text_hash"))
        for label in self.examiner.label_ids:
            fitting = [pk for pk, digest in documents.items() if label in self.answers[digest] and pk not in done]
            if not fitting or any(label in self.answers[documents[pk]] for pk in done):
                continue
            pk = rng.choice(fitting)
            done.add(pk)
            lease = Lease.objects.create(
                project=self.project,
                document_id=pk,
                annotator=self.annotator,
                slot=0,
                source=Source.SEARCH,
                reason="Found by search",
                expires_at=timezone.now() + LEASE_LASTS,
            )
            answer(
                project=self.project,
                annotator=self.annotator,
                lease_key=lease.key,
                key=uuid.uuid4(),
                status="labelled",
                label_ids=self.answers[documents[pk]],
                seconds=1.0,
            )
            self.given += 1
        self._work_off()


def _version(version: ModelVersion, started: datetime) -> dict[str, Any]:
    """A version that a full run made, put into service or not."""
    return {
        "number": version.number,
        "promoted": version.promoted_at is not None,
        "after_s": round((version.created_at - started).total_seconds(), 2),
        "why": version.settings.get("promotion", ""),
    } | {name: version.settings[name] for name in TOLD if name in version.settings}

"""Where the weighing of answers stands, for the pages that show what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from labeller.learning.agreement import AgreementReading
from labeller.learning.models import TrainingRun
from labeller.learning.selectors import workers_alive, worth_showing
from labeller.projects.models import Project


@dataclass(frozen=True)
class Weighing:
    """The newest reading, and the run that makes the next."""

    reading: AgreementReading | None
    run: TrainingRun | None  # unfinished, or failed with nothing newer
    missing: list[str]  # clusters without a worker

    @property
    def is_busy(self) -> bool:
        return self.run is not None and self.run.is_unfinished


def newest_reading(project: Project) -> AgreementReading | None:
    """Without the ids of its answers. One query."""
    return AgreementReading.objects.filter(project=project).defer("annotations", "drawn").order_by("-id").first()


def weighing_of(project: Project) -> Weighing:
    """Three queries."""
    runs = TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.WEIGH).defer("log")
    missing = [] if workers_alive("training") else ["training"]
    return Weighing(newest_reading(project), worth_showing(runs.order_by("-id").first()), missing)

"""What the loop is about to do with full models: which serves, whether it is pinned, which is to come back."""

from __future__ import annotations

from dataclasses import dataclass

from labeller.learning.models import LoopState, TrainingRun
from labeller.learning.selectors import workers_alive
from labeller.projects.models import Project


@dataclass(frozen=True)
class Loop:
    """State of one project's loop, as the pages of models tell it."""

    serving: int | None = None  # number of the version that reads the texts
    pinned: bool = False
    returning: int | None = None  # of the one that is to serve again
    reading: TrainingRun | None = None  # what reads the pool for it; the newest, however it ended
    has_worker: bool = True

    @property
    def mark(self) -> str:
        """Changes with everything that is shown of it."""
        run = f"{self.reading.pk}.{self.reading.state}.{self.reading.progress:.2f}" if self.reading else ""
        return f"{self.serving}-{self.pinned:d}-{self.returning}-{run}-{self.has_worker:d}"


def loop_of(project: Project) -> Loop:
    """One query; three while an earlier version is to serve again."""
    state = LoopState.objects.select_related("serving", "returning").filter(project=project).first()
    if state is None:
        return Loop()
    serving, returning = (version.number if version else None for version in (state.serving, state.returning))
    if returning is None:
        return Loop(serving, state.pinned)
    reads = TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.EMBED).defer("log")
    return Loop(serving, state.pinned, returning, reads.order_by("-id").first(), workers_alive("training"))

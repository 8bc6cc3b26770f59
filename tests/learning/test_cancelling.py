"""A run that somebody cancels stops within a moment, also in a stretch that tells no progress of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from labeller.annotation.models import Source
from labeller.learning import runs, services
from labeller.learning.bridges import promotion as bridge_promotion
from labeller.learning.bridges.full import _snapshot
from labeller.learning.bridges.stages import COMPARING, Stages
from labeller.learning.models import ModelVersion, TrainingRun
from labeller.projects.models import Project, User
from modelsvc.full_run.recipe import Stage
from modelsvc.types import OnProgress, silent
from tests.learning.scene import Fake, annotate, fill, read

pytestmark = pytest.mark.django_db(transaction=True)


class Cancelled(Fake):
    """While it reads somebody cancels the run; of that the reading itself hears nothing."""

    def encode(self, texts: Sequence[str], *, on_progress: OnProgress = silent) -> NDArray[np.float32]:
        TrainingRun.objects.update(cancel_requested=True)
        return super().encode(texts, on_progress=on_progress)


def test_a_cancel_is_seen_while_a_model_is_compared(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:24]):
        annotate(document, bob, source=Source.AUDIT if at >= 12 else Source.ACTIVE)
    monkeypatch.setattr(bridge_promotion, "score_over", lambda *_, **__: pytest.fail("it went on after the head"))
    run = services.start_full(project=project, enqueue=False)
    token = runs.claim(run)
    assert token
    with runs.Heartbeat(run, token) as beat, pytest.raises(runs.CancelRequested):
        stages = Stages(run, beat, _snapshot(run), np.empty(0, np.int64))
        stages(Stage("labels", Cancelled(), 1.0, "for a test"))  # type: ignore[arg-type]
    run.refresh_from_db()
    assert run.stage == COMPARING
    assert not ModelVersion.objects.exists()

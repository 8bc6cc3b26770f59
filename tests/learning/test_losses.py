"""A run's losses are in its row while it works, so that one that fails leaves them."""

from __future__ import annotations

import uuid

import pytest

from labeller.learning.losses import KEPT_EVERY_S, LossLog, thinned
from labeller.learning.models import TrainingRun
from labeller.learning.runs import Heartbeat
from labeller.projects.models import Project

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(project: Project) -> TrainingRun:
    return TrainingRun.objects.create(project=project, kind="full", state="running", claim=uuid.uuid4())


def kept(run: TrainingRun) -> list[float]:
    return [entry["loss"] for entry in TrainingRun.objects.get(pk=run.pk).log]


def test_they_are_kept_now_and_then_and_when_it_fails(run: TrainingRun) -> None:
    assert run.claim is not None
    now = [0.0]
    losses = LossLog(run, Heartbeat(run, run.claim), clock=lambda: now[0])
    losses.note("fine-tuning", 1.0, 0.1)
    losses.note("fine-tuning", 0.9, 0.2)
    assert kept(run) == [1.0]
    now[0] = KEPT_EVERY_S
    losses.note("fine-tuning", 0.8, 20.0)
    assert kept(run) == [1.0, 0.9, 0.8]
    with pytest.raises(MemoryError), losses.kept_on_failure():
        losses.note("fine-tuning", 0.7, 20.1)
        raise MemoryError
    assert kept(run) == [1.0, 0.9, 0.8, 0.7]


def test_a_run_that_another_process_has_taken_over_is_left_alone(run: TrainingRun) -> None:
    losses = LossLog(run, Heartbeat(run, uuid.uuid4()))
    losses.note("fine-tuning", 1.0, 0.1)
    assert kept(run) == []


def test_many_steps_become_sixty_points_of_mean_loss() -> None:
    steps = [{"stage": "fine-tuning", "step": at, "loss": float(at % 2), "seconds": float(at)} for at in range(120)]
    points = thinned(steps)
    assert len(points) == 60 and {point["loss"] for point in points} == {0.5}
    assert points[-1]["step"] == 119 and thinned([]) == []

"""Scenes with a real training cluster and SIGKILL, each played in a house of its own: `python -m
tests.learning.crash_scenes SCENE`, with LABELLER_HOME an empty folder. A test database would not do: the cluster is
another process, and the default one lives in memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from labeller.annotation.services import answer, serve  # noqa: E402
from labeller.learning import services  # noqa: E402
from labeller.learning.models import ModelVersion, TrainingRun, WorkerPulse  # noqa: E402
from labeller.projects.models import Project, User  # noqa: E402
from tests.cast import add_texts, join, make_project, make_user  # noqa: E402
from tests.learning.scene import annotate, fill  # noqa: E402

PATIENCE_S = 600.0  # on a machine that does other things beside
TEXTS = 300  # long enough to read that a run lasts for some seconds after its tuning


def killed_once(project: Project, bob: User) -> None:
    """Killed in the middle of a run: it is taken up again once, and done."""
    run = start(project, bob)
    wait_for(lambda: in_the_middle(run, 1), "the run to begin")
    kill_worker(project, bob)
    wait_for(lambda: in_the_middle(run, 2), "the run to be taken up again")
    label_one(project, bob)
    wait_for(lambda: state(run) not in ("queued", "running"), "the run to end")
    told = (state(run), run.reason, run.attempts)
    assert run.state == "done" and run.attempts == 2, told
    assert ModelVersion.objects.filter(run=run).count() == 1


def killed_twice(project: Project, bob: User) -> None:
    """A second death: the run is failed with a reason; labelling goes on."""
    run = start(project, bob)
    wait_for(lambda: in_the_middle(run, 1), "the run to begin")
    kill_worker(project, bob)
    wait_for(lambda: in_the_middle(run, 2), "the run to be taken up again")
    kill_worker(project, bob)
    wait_for(lambda: state(run) == "failed", "the run to be given up")
    assert "died twice while fine-tuning" in run.reason, run.reason
    assert not ModelVersion.objects.filter(run=run).exists()
    label_one(project, bob)


def cancelled(project: Project, bob: User) -> None:
    """Cancelled in the middle: it stops within seconds, the worker lives on and takes the next run."""
    run = start(project, bob)
    wait_for(lambda: in_the_middle(run, 1), "the run to begin")
    asked, worker = time.monotonic(), the_worker()
    assert services.cancel(run=run)
    wait_for(lambda: state(run) == "cancelled", "the run to stop")
    assert time.monotonic() - asked < 10, time.monotonic() - asked
    assert not ModelVersion.objects.filter(run=run).exists()
    again = services.start_full(project=project)
    wait_for(lambda: in_the_middle(again, 1), "the next run to begin")
    assert the_worker() == worker


SCENES = {scene.__name__: scene for scene in (killed_once, killed_twice, cancelled)}


def play(name: str) -> None:
    call_command("migrate", verbosity=0)
    project, bob = make_project(), make_user("bob")
    join(project, bob)
    with training_cluster():
        SCENES[name](project, bob)


@contextmanager
def training_cluster() -> Iterator[None]:
    """A training cluster in a process group of its own, which is killed whole at the end."""
    with (Path(settings.HOME) / "cluster.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=settings.BASE,
            env=os.environ | {"Q_CLUSTER_NAME": "training"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def start(project: Project, bob: User) -> TrainingRun:
    documents = fill(project)
    add_texts(project, [f"Clause {n}: the parties agree on matter number {n * 7}. " * 8 for n in range(TEXTS)])
    for document in documents[:18]:
        annotate(document, bob)
    return services.start_full(project=project)


def wait_for(look: Callable[[], bool], what: str) -> None:
    """Until the database says so. Another process writes it, and SQLite tells nobody: so it is looked at again."""
    deadline = time.monotonic() + PATIENCE_S
    while not look():
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {PATIENCE_S:.0f} s in vain for {what}.")
        time.sleep(0.1)


def state(run: TrainingRun) -> str:
    run.refresh_from_db()
    return run.state


def in_the_middle(run: TrainingRun, attempt: int) -> bool:
    return state(run) == "running" and run.attempts == attempt and run.progress > 0.01


def the_worker() -> int:
    """The process id of the worker, from its newest pulse."""
    newest = WorkerPulse.objects.filter(cluster="training").latest("seen_at", "id")
    return int(newest.process.rsplit(":", 1)[1])


def kill_worker(project: Project, bob: User) -> None:
    os.kill(the_worker(), signal.SIGKILL)
    label_one(project, bob)


def label_one(project: Project, annotator: User) -> None:
    served = serve(project=project, annotator=annotator, count=1)[0]
    label = project.labels.first()
    assert label is not None
    answer(
        project=project,
        annotator=annotator,
        lease_key=served.key,
        key=uuid.uuid4(),
        status="labelled",
        label_ids=[label.pk],
        seconds=1.0,
    )


if __name__ == "__main__":
    play(sys.argv[1])

"""What a stopped worker leaves is given back once it has ended, and also when `up` gives up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operations.processes import python, running

pytestmark = [pytest.mark.slow, pytest.mark.crash]

# `up` itself, over one service: a process that claims a run, and claims it again while it is being stopped, as a
# living worker does that finds it queued.
UP = """
import sys, django
django.setup()
from django.core.management import call_command
from labeller.operations.management.commands import up
from labeller.operations.supervisor import Service
up.services = lambda bind: [Service("training worker", [sys.executable, "-c", sys.argv[1]])]
call_command("up", "--no-web")
"""
CLAIM = """
import django
django.setup()
from labeller.learning import runs
from labeller.learning.models import TrainingRun
run = TrainingRun.objects.get()
TrainingRun.objects.update(state="queued", attempts=0)
assert runs.claim(run)
print("claimed", flush=True)
"""
STOPPED_LATE = f"""
import signal, sys
def on_stop(*_):
    claim()
    sys.exit()
def claim():
    exec({CLAIM!r}, {{}})
signal.signal(signal.SIGTERM, on_stop)
claim()
signal.pause()
"""
PREPARE = """
from labeller.learning.models import TrainingRun
from labeller.projects.models import Project
TrainingRun.objects.create(project=Project.objects.create(name="A", slug="a", seed=1), kind="full")
"""
SHOW = """
from labeller.learning.models import TrainingRun
run = TrainingRun.objects.get()
print(run.state, run.attempts)
"""


@pytest.mark.parametrize("ends", ["stopped", "given up"])
def test_the_job_of_a_worker_that_has_ended_waits_with_no_attempt_counted(installation, tmp_path: Path, ends: str):
    env = installation | {"DJANGO_SETTINGS_MODULE": "labeller.settings"}
    assert python("manage.py", "migrate", "-v0", env=env).returncode == 0
    made = python("manage.py", "shell", "--no-imports", "-c", PREPARE, env=env)
    assert made.returncode == 0, made.stderr
    worker = STOPPED_LATE if ends == "stopped" else CLAIM
    with running("-c", UP, worker, env=env, log=tmp_path / "log") as run:
        run.wait_for("claimed", times=1 if ends == "stopped" else 5)
        if ends == "stopped":
            run.end()
        run.process.wait(timeout=30)
        assert "1 running job will go on at the next start" in run.output, run.output
    assert python("manage.py", "shell", "--no-imports", "-c", SHOW, env=env).stdout.strip() == "queued 0"

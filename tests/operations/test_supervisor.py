"""Children are kept alive with a sentence, and none outlives its supervisor."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.operations.processes import Running, running

SUPERVISE = """
import sys
from labeller.operations.supervisor import GaveUp, Service, Supervisor
services = [Service(name, [sys.executable, "-c", code]) for name, code in zip(["first", "second"], sys.argv[1:])]
try:
    with Supervisor(services, say=lambda sentence: print(sentence, flush=True), patience_s=1.0) as supervisor:
        supervisor.watch()
except GaveUp as problem:
    sys.exit(str(problem))
"""
WAITS = "import signal; print('started', flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"
# Ends with its parent, and so does the child that it forks.
FORKS = f"from labeller.operations import lifeline; lifeline.end_with_parent(); import os; os.fork(); {WAITS}"


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    with ExitStack() as stack:

        def start(*codes: str) -> Running:
            log = tmp_path / "log"
            return stack.enter_context(running("-c", SUPERVISE, *codes, env=dict(os.environ), log=log))

        yield start


def child(run: Running) -> int:
    return next(pid for pid in sorted(run.members()) if pid != run.process.pid)


def test_a_killed_child_is_started_again_with_a_sentence(supervise):
    run = supervise(WAITS)
    run.wait_for("started")
    first = child(run)
    os.kill(first, signal.SIGKILL)
    run.wait_for("The first process was killed (SIGKILL); starting it again.")
    run.wait_for("started", times=2)
    assert child(run) != first


def test_the_other_child_goes_on(supervise):
    run = supervise(WAITS, WAITS)
    run.wait_for("started", times=2)
    first, second = (pid for pid in sorted(run.members()) if pid != run.process.pid)
    os.kill(first, signal.SIGKILL)
    run.wait_for("started", times=3)
    assert second in run.members()


def test_a_child_that_dies_again_and_again_stops_everything(supervise):
    run = supervise("raise SystemExit(3)", WAITS)
    assert run.process.wait(timeout=30) == 1
    assert "The first process ended (exit code 3) for the 5th time within 60 seconds." in run.output
    assert run.output.count("starting it again") == 4
    assert run.members() == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_request_to_stop_ends_all(supervise, number):
    run = supervise(WAITS, WAITS)
    run.wait_for("started", times=2)
    assert run.end(number) == 0
    assert run.members() == {}


def test_a_child_that_does_not_stop_is_ended(supervise):
    run = supervise(STUBBORN, WAITS)
    run.wait_for("started", times=2)
    assert run.end() == 0
    assert "The first process is still busy after 1 seconds; ending it." in run.output
    assert run.members() == {}


def test_children_and_their_forks_end_with_a_supervisor_that_was_killed(supervise):
    run = supervise(FORKS)
    run.wait_for("started", times=2)
    assert len(run.members()) == 3
    run.end(signal.SIGKILL)
    run.wait_until_gone()

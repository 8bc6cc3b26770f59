"""`manage.py up`, for real: web and workers start, answer, are revived, and end together."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import stat
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.operations.conftest import free_port
from tests.operations.processes import Running, python, running, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.crash]


def process_of(run: Running, module: str) -> int:
    """The first process that runs this module: the one `up` started."""
    return min(pid for pid, line in run.members().items() if module in line)


def sign_in(address: str, name: str, password: str) -> str:
    """The page after signing in, through the form as a browser does it."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    form = opener.open(f"{address}accounts/login/", timeout=10).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    fields = {"csrfmiddlewaretoken": token[1], "login": name, "password": password}
    answer = opener.open(f"{address}accounts/login/", urllib.parse.urlencode(fields).encode(), timeout=10)
    return answer.read().decode()


def test_from_nothing_to_a_demo_that_can_be_used_killed_revived_and_stopped(installation, tmp_path: Path):
    port = free_port()
    command = ["manage.py", "up", "--demo", "--port", str(port)]
    with running(*command, env=installation, log=tmp_path / "first.log") as run:
        run.wait_for("Ctrl-C stops it.")
        address = f"http://127.0.0.1:{port}/"
        assert f"Labeller is at {address}" in run.output

        credentials = Path(installation["LABELLER_HOME"]) / "credentials"
        assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
        password = re.search(r"Sign in as manager +password (\S+)", run.output)[1]
        assert f"manager {password}" in credentials.read_text()
        assert "Terms of service (demo)" in sign_in(address, "manager", password)

        web = process_of(run, "labeller.operations.web")
        os.kill(web, signal.SIGKILL)
        run.wait_for("The web process was killed (SIGKILL); starting it again.")
        wait_until(lambda: reachable(address), lambda: f"no page again:\n{run.output[-2000:]}")

        os.kill(process_of(run, "labeller.operations.cluster training"), signal.SIGKILL)
        run.wait_for("The training worker process was killed (SIGKILL); starting it again.")

        assert run.end() == 0
        assert run.members() == {}

    with running(*command, env=installation, log=tmp_path / "second.log") as run:
        run.wait_for("Ctrl-C stops it.")
        assert f"The demo's accounts are in {credentials}." in run.output
        assert password not in run.output
        assert "Terms of service (demo)" in sign_in(address, "manager", password)
        run.end(signal.SIGKILL)
        run.wait_until_gone()


def reachable(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


WHICH = """
from django_q.tasks import async_task, result
from django_q.conf import Conf
ids = {name: async_task("os.getenv", "Q_CLUSTER_NAME", cluster=name) for name in ("quick", "training")}
print({name: result(task, wait=30000) for name, task in ids.items()})
"""


def test_each_cluster_takes_its_own_tasks_and_no_others(installation, tmp_path: Path):
    with running("manage.py", "up", "--no-web", env=installation, log=tmp_path / "log") as run:
        run.wait_for("The workers are running.")
        done = python("manage.py", "shell", "--no-imports", "-c", WHICH, env=installation)
        assert done.stdout.strip() == "{'quick': 'quick', 'training': 'training'}", done.stderr
        assert run.end() == 0


def test_the_training_cluster_runs_with_its_own_settings(installation, tmp_path: Path):
    code = "from labeller.operations import cluster; import django_q.cluster as q; from django_q.conf import Conf;"
    show = "q.Cluster.start = lambda self: print(Conf.CLUSTER_NAME, Conf.WORKERS, Conf.TIMEOUT, Conf.RETRY);"
    prelude = "import os, django; os.environ['Q_CLUSTER_NAME'] = 'training'; django.setup();"
    env = installation | {"DJANGO_SETTINGS_MODULE": "labeller.settings"}
    done = python("-c", f"{prelude} {code} {show} cluster.main('training')", env=env)
    assert done.stdout.split() == ["training", "1", "14400", "14500"], done.stderr

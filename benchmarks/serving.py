"""An annotator's whole cycle: one POST that saves an answer and brings the next text.

    python -m benchmarks.serving [--texts FILE.jsonl] [--count 10000] [--with-worker] [--json OUT]

Web server and load share one core; with --with-worker the workers run on the other ones, embed the pool first and
refit the quick model while the load runs. Fresh SQLite database, keep-alive connections, closed loop (each annotator
posts the next answer as soon as the last one is acknowledged). Afterwards the database is asked whether a text was
handed out twice and whether an answer was lost. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import secrets
import shutil
import statistics
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.own_home import measured
from labeller.learning.measured_on import machine

ROOT = Path(__file__).resolve().parent.parent
ALONE, EACH_OF_EIGHT, PEOPLE = 300, 50, 8
LABELS = [f"Kind {number}" for number in range(1, 10)]
PATIENCE_S = 900.0


def main() -> None:
    options = arguments()
    cores = sorted(os.sched_getaffinity(0))
    measured("serving", lambda processes: measure(options, cores, processes), out=options.json)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, help='JSON Lines with a "text" each; without it, texts are generated.')
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--with-worker", action="store_true", help="Refit the quick model meanwhile.")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure(
    options: argparse.Namespace, cores: list[int], processes: list[subprocess.Popen[bytes]]
) -> dict[str, object]:
    import django

    django.setup()
    manage("migrate", "--verbosity", "0")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    sessions = make_project(texts_of(options))
    if options.with_worker:
        processes.append(start([sys.executable, "manage.py", "up", "--no-web"], cores[1:] or cores))
        embed()
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[0]})
    port, web = start_web(cores[0])
    processes.append(web)
    wait_for_page(port)
    people = [Annotator(port, session) for session in sessions]
    people[0].run(20)  # imports, connections and caches; not counted
    alone = people[0].run(ALONE)
    began = time.perf_counter()
    together = all_at_once(people[1:], EACH_OF_EIGHT)
    seconds = time.perf_counter() - began
    return {
        "benchmark": "serving",
        "machine": machine(),
        "texts": options.count,
        "labels": len(LABELS),
        "database": "sqlite",
        "with_worker": options.with_worker,
        "cores": {"web and load": cores[:1], "workers": cores[1:] if options.with_worker else []},
        "cycle_ms_one": percentiles(alone),
        "cycle_ms_eight": percentiles(together),
        "labels_per_s_one": round(1000 / statistics.mean(alone), 1),
        "labels_per_s_eight": round(len(together) / seconds, 1),
        "checked": check(people),
    }


def texts_of(options: argparse.Namespace) -> list[str]:
    if options.texts:
        with options.texts.open(encoding="utf-8") as lines:
            texts = list(dict.fromkeys(json.loads(line)["text"] for line in lines))
    else:
        rng = random.Random(5)
        words = [
            "terms",
            "change",
            "notice",
            "court",
            "party",
            "service",
            "liable",
            "content",
            "law",
            "user",
            "may",
            "not",
        ]
        texts = [f"{number}. " + " ".join(rng.choices(words, k=rng.randint(8, 60))) for number in range(options.count)]
    return texts[: options.count]


def make_project(texts: list[str]) -> list[tuple[str, str]]:
    """A project with these texts. Returns (session cookie, annotator's name) of nine signed-in annotators."""
    from hashlib import sha256
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from labeller.corpus.models import Document
    from labeller.projects.models import Label, Membership, Project, Role, User

    project = Project.objects.create(name="Bench", slug="bench", encoder=settings.DEFAULT_ENCODER, seed=3)
    Label.objects.bulk_create(
        Label(project=project, name=name, colour="#2f6fb0", hotkey=str(at + 1), position=at)
        for at, name in enumerate(LABELS)
    )
    rng = random.Random(3)
    Document.objects.bulk_create(
        (
            Document(project=project, text=text, text_hash=sha256(text.encode()).hexdigest(), draw=rng.random())
            for text in texts
        ),
        batch_size=1000,
    )
    store = import_module(settings.SESSION_ENGINE).SessionStore
    sessions = []
    for number in range(PEOPLE + 1):
        user = User.objects.create_user(username=f"person{number}", password=secrets.token_urlsafe(12))
        Membership.objects.create(project=project, user=user, role=Role.ANNOTATOR)
        session = store()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        sessions.append((session.session_key, user.username))
    return sessions


class Annotator:
    """One browser, as far as the server can tell: a session, a kept-alive connection, the texts in its hands."""

    def __init__(self, port: int, session: tuple[str, str]) -> None:
        from django.conf import settings

        key, self.name = session
        self.token = secrets.token_hex(16)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}={self.token}",
            "X-CSRFToken": self.token,
        }
        self.given: dict[str, str] = {}  # answer key -> lease
        self.rng = random.Random(self.name)
        self.label_ids: list[int] = label_ids()
        self.held = self.post("next", {})["texts"]

    def post(self, name: str, fields: dict[str, object]) -> dict:
        self.connection.request("POST", f"/p/bench/label/{name}/", urlencode(fields), self.headers)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{name}: {response.status} {body[:300]!r}")
        return json.loads(body)

    def run(self, cycles: int) -> list[float]:
        """Milliseconds of each cycle: the answer acknowledged and the next text here."""
        taken = []
        for _ in range(cycles):
            lease, key = self.held[0]["lease"], str(uuid.uuid4())
            fields = {"lease": lease, "key": key, "label": self.rng.choice(self.label_ids), "seconds": "2.5"}
            began = time.perf_counter()
            reply = self.post("answer", fields)
            taken.append(1000 * (time.perf_counter() - began))
            self.given[key] = lease
            self.held = reply["texts"]
        return taken


def all_at_once(people: list[Annotator], cycles: int) -> list[float]:
    taken: list[list[float]] = []
    threads = [threading.Thread(target=lambda one=one: taken.append(one.run(cycles))) for one in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(taken) != len(people):
        raise RuntimeError(f"{len(people) - len(taken)} of {len(people)} annotators stopped with an error")
    return [ms for run in taken for ms in run]


def check(people: list[Annotator]) -> dict[str, int]:
    """What the database says: answers given and found, texts handed out to more than one person."""
    from django.db.models import Count

    from labeller.annotation.models import Annotation, Lease

    given = {key for one in people for key in one.given}
    found = {str(key) for key in Annotation.objects.filter(superseded_at=None).values_list("key", flat=True)}
    twice = Lease.objects.values("document").annotate(people=Count("annotator", distinct=True)).filter(people__gt=1)
    doubled = Annotation.objects.filter(superseded_at=None).values("document").annotate(n=Count("id")).filter(n__gt=1)
    report = {"given": len(given), "lost": len(given - found), "unknown": len(found - given)}
    return report | {"texts_handed_out_twice": twice.count(), "texts_answered_twice": doubled.count()}


def label_ids() -> list[int]:
    from labeller.projects.models import Label

    return list(Label.objects.values_list("pk", flat=True))


def percentiles(ms: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(ms, n=100, method="inclusive")
    return {
        "n": len(ms),
        "p50": round(cuts[49], 2),
        "p95": round(cuts[94], 2),
        "p99": round(cuts[98], 2),
        "max": round(max(ms), 2),
    }


def manage(*words: str) -> None:
    subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, check=True)


def start(argv: list[str], cores: list[int]) -> subprocess.Popen[bytes]:
    """A process of ours on these cores."""
    pinned = ["taskset", "-c", ",".join(map(str, cores))] if shutil.which("taskset") else []
    return subprocess.Popen([*pinned, *argv], cwd=ROOT, stdout=subprocess.DEVNULL)


def start_web(core: int) -> tuple[int, subprocess.Popen[bytes]]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return port, start([sys.executable, "-m", "labeller.operations.web", f"127.0.0.1:{port}"], [core])


def wait_for_page(port: int) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/accounts/login/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The web server did not answer within 60 s.")


def embed() -> None:
    """Have the workers read all texts, so that the quick model can refit during the load."""
    from labeller.learning import services
    from labeller.learning.models import TrainingRun
    from labeller.projects.models import Project

    run = services.start_embedding(project=Project.objects.get(slug="bench"))
    assert run is not None
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        run.refresh_from_db()
        if not run.is_unfinished:
            if run.state != TrainingRun.State.DONE:
                raise RuntimeError(f"Embedding ended as {run.state}: {run.reason}")
            return
        time.sleep(0.5)
    raise RuntimeError(f"Embedding was not done within {PATIENCE_S:.0f} s.")


if __name__ == "__main__":
    main()

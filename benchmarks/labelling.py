"""The labelling page under a hand: from the key press until the next text is painted, and answers in a row.

    python -m benchmarks.labelling [--texts 10000] [--presses 200] [--answers 600] [--per-second 5] [--json OUT]

Fresh SQLite database, the real web server and workers, Chromium. A full run goes on in the worker all the time; when it
ends the next is started. First single answers at a calm pace, then the answers in a row. A press counts from the moment
at which the browser got it until the frame with another text has been painted; a text that was not there yet counts
with its wait. Afterwards the database is asked whether it holds exactly the answers given, once each, in their order.
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.own_home import measured
from benchmarks.serving import PATIENCE_S, embed, make_project, manage, percentiles, start, start_web, texts_of
from benchmarks.serving import wait_for_page as wait_for_web
from labeller.learning.measured_on import machine

TARGETS_MS = {"p50": 50, "p95": 100}
SEED = 11
FIRST_LABELS = 48  # what the full runs learn from at the start
CALM_S = 0.5  # between two presses
LEAVE_ALONE_S = 0.075  # the page takes a second press of the same key within 60 ms for one that bounces

# Every key that answers, with the text it answered and the milliseconds until another one was painted.
WATCH = """
window.answered = [];
window.byChromium = []; // its own measure, in steps of 8 ms: from each digit's press to the next frame presented
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.name === "keydown") window.byChromium.push({ at: entry.startTime, ms: entry.duration });
  }
}).observe({ type: "event", durationThreshold: 16 });
let pressed = null;
addEventListener("keydown", (event) => {
  if (!/^[1-9]$/.test(event.key)) return;
  const text = document.getElementById("text").textContent;
  if (text) pressed = { key: event.key, text, at: event.timeStamp, began: performance.now() };
}, true);
addEventListener("DOMContentLoaded", () => {
  const words = document.getElementById("text");
  if (!words) return;
  new MutationObserver(() => {
    if (!pressed || !words.textContent || words.textContent === pressed.text) return;
    const done = { ...pressed, script: performance.now() - pressed.began };
    pressed = null;
    requestAnimationFrame(() => {
      const painted = new MessageChannel();
      painted.port1.onmessage = () => window.answered.push({ ...done, ms: performance.now() - done.at });
      painted.port2.postMessage(null); // comes after this frame's painting
    });
  }).observe(words, { childList: true, characterData: true, subtree: true });
});
"""
ANSWERED = "count => window.answered.length >= count && document.getElementById('text').textContent"
SAVED = "() => document.getElementById('save').dataset.state === 'saved'"


def main() -> None:
    options = arguments()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread
    measured("labelling", lambda processes: measure(options, processes), out=options.json)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", dest="count", type=int, default=10_000)
    parser.add_argument("--presses", type=int, default=200, help="Single answers at a calm pace.")
    parser.add_argument("--answers", type=int, default=600, help="In a row.")
    parser.add_argument("--per-second", type=float, default=5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure(options: argparse.Namespace, processes: list[subprocess.Popen[bytes]]) -> dict[str, Any]:
    import django

    django.setup()
    manage("migrate", "--verbosity", "0")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    options.texts = None
    sessions = make_project(texts_of(options))
    cores = sorted(os.sched_getaffinity(0))
    processes.append(start([sys.executable, "manage.py", "up", "--no-web"], cores))
    embed()
    label_some(FIRST_LABELS)
    port, web = start_web_on_any(cores)
    processes.append(web)
    wait_for_web(port)
    training = Training()
    training.start()
    load = os.getloadavg()
    try:
        calm, row, seconds = press_keys(options, port, sessions[0])
    finally:
        training.stop()
    return {
        "benchmark": "labelling",
        "machine": machine(),
        "load_at_the_presses": [round(load[0], 2), round(os.getloadavg()[0], 2)],
        "texts": options.count,
        "database": "sqlite",
        "full_runs": training.told,
        "calm": parts(calm),
        "in_a_row": parts(row),
        "targets_ms": TARGETS_MS,
        "answers_per_s": round(len(row) / seconds, 2),
        "checked": check(sessions[0][1], [*calm, *row]),
    }


def start_web_on_any(cores: list[int]) -> tuple[int, subprocess.Popen[bytes]]:
    """The web server as `up` starts it: it shares all cores with the workers."""
    port, web = start_web(cores[0])
    os.sched_setaffinity(web.pid, cores)
    return port, web


def label_some(count: int) -> None:
    """Answers of a second person, from which the first full run learns."""
    import uuid

    from labeller.annotation import services
    from labeller.projects.models import Project, User

    project, person = Project.objects.get(slug="bench"), User.objects.get(username="person1")
    labels = list(project.labels.values_list("pk", flat=True))
    for at in range(count):
        text = services.serve(project=project, annotator=person, count=1)[0]
        services.answer(
            project=project,
            annotator=person,
            lease_key=text.key,
            key=uuid.uuid4(),
            status="labelled",
            label_ids=[labels[at % len(labels)]],
        )


class Training(threading.Thread):
    """Keeps a full run going, and notes when one was."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.told: dict[str, Any] = {"begun": 0, "share_of_time": 0.0}
        self._going_on = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        super().start()
        if not self._going_on.wait(PATIENCE_S):
            raise RuntimeError(f"No full run had begun after {PATIENCE_S:.0f} s.")

    def stop(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        from django.db import connection

        from labeller.learning import services
        from labeller.learning.models import TrainingRun
        from labeller.projects.models import Project

        looks = running = 0
        project = Project.objects.get(slug="bench")
        full = TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.FULL)
        while not self._over.wait(1.0):
            current = full.order_by("-created_at").first()
            if current is None or not current.is_unfinished:
                services.start_full(project=project)
            is_running = current is not None and current.state == TrainingRun.State.RUNNING
            if is_running:
                self._going_on.set()
            if self._going_on.is_set():
                looks, running = looks + 1, running + is_running
                self.told["share_of_time"] = round(running / looks, 3)
        self.told["begun"] = full.exclude(started_at=None).count()
        connection.close()


def press_keys(
    options: argparse.Namespace, port: int, session: tuple[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], float]:
    """(the calm presses, those in a row, seconds of the latter)."""
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    address = f"http://127.0.0.1:{port}"
    rng = random.Random(SEED)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session[0], "url": address}])
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(f"{address}/p/bench/label/")
        page.wait_for_function("document.activeElement.id === 'text'")
        press_in_pace(page, rng, options.presses, CALM_S)
        page.wait_for_function(SAVED, timeout=60_000)
        began = time.perf_counter()
        press_in_pace(page, rng, options.answers, 1 / options.per_second)
        seconds = time.perf_counter() - began
        page.wait_for_function(SAVED, timeout=120_000)
        answered = page.evaluate("window.answered")
        slow = {round(one["at"], 1): one["ms"] for one in page.evaluate("window.byChromium")}
        for press in answered:  # what is not told took less than its threshold
            press["by_chromium"] = slow.get(round(press["at"], 1), 0.0)
        chromium.close()
    return answered[: options.presses], answered[options.presses :], seconds


def parts(presses: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Until the next text is painted, and of it: until the page heard of the key, and the page's own script; beside it
    Chromium's own Event Timing, which tells nothing below 16 ms (0 here) and rounds to 8 ms."""
    return {
        "painted_ms": percentiles([press["ms"] for press in presses]),
        "heard_ms": percentiles([press["began"] - press["at"] for press in presses]),
        "script_ms": percentiles([press["script"] for press in presses]),
        "by_chromium_ms": percentiles([press["by_chromium"] for press in presses]),
    }


def press_in_pace(page: Any, rng: random.Random, count: int, pace_s: float) -> None:
    """A press every `pace_s`, later only where the text it would answer is not there yet."""
    before = page.evaluate("window.answered.length")
    due = time.perf_counter()
    for number in range(count):
        page.wait_for_function(ANSWERED, arg=before + number, timeout=60_000)
        due = max(due + pace_s, time.perf_counter() + LEAVE_ALONE_S)
        time.sleep(max(0.0, due - time.perf_counter()))
        page.keyboard.press(str(rng.randint(1, 9)))
    page.wait_for_function(ANSWERED, arg=before + count, timeout=60_000)


def check(name: str, presses: list[dict[str, Any]]) -> dict[str, int]:
    """What the database says to the list of presses."""
    from labeller.annotation.models import Annotation

    rows = Annotation.objects.filter(annotator__username=name).order_by("id")
    found = [(text, hotkey) for text, hotkey in rows.values_list("document__text", "labels__hotkey")]
    given = [(press["text"], press["key"]) for press in presses]
    return {
        "given": len(given),
        "in_the_database": len(found),
        "lost": len(set(given) - set(found)),
        "doubled": len(found) - len(set(found)),
        "out_of_order": sum(one != other for one, other in zip(given, found, strict=False)),
    }


if __name__ == "__main__":
    main()

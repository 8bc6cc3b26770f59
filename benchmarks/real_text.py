"""The main job on real text, in a real browser: import, label by known answers, train, take the model away, use it.

    python -m benchmarks.real_text TOS_TRAIN TOS_TEST BANKING_TRAIN BANKING_TEST
        [--labels 60] [--json OUT] [--shots DIR]

Starts `manage.py up` on an empty installation, makes its owner's account, and walks as a manager through two projects:
sentences of terms of service with several labels each (most have none), and bank customers' questions with one of 77.
The zips are unpacked and `predict.py` judges the whole test files in a fresh isolated process. Beside it stands TF-IDF
with logistic regression, taught on the same answers. JSON Lines in: `text` and `label` or `labels`. Needs Debian's
Chromium; takes about a quarter of an hour on two cores. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright

from benchmarks.real_text_walk import ProjectWalk
from benchmarks.taken_away import Rows, predict_file, read_rows, scores, tfidf, unpack
from labeller.learning.measured_on import machine
from tests.browser.walker import PATIENCE_MS, Walker
from tests.operations.conftest import free_port
from tests.operations.processes import ROOT, running

OWNER = "owner"


class Stopwatch:
    """Seconds of each named part, told on the error stream as they pass."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - started, 1)
            print(f"{self.seconds[name]:7.1f} s  {name}", file=sys.stderr, flush=True)


def main() -> None:
    options = arguments()
    if options.shots:
        os.environ["LABELLER_SHOTS"] = str(options.shots.resolve())
    report: dict[str, Any] = {"benchmark": "real_text", "machine": machine(), "labels": options.labels}
    with tempfile.TemporaryDirectory(prefix="labeller-real-text-") as folder:
        try:
            report |= measure(options, Path(folder))
        except BaseException:
            shutil.copy(Path(folder) / "up.log", Path(tempfile.gettempdir()) / "labeller-real-text-failed.log")
            raise
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("tos_train", "tos_test", "banking_train", "banking_test"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--labels", type=int, default=60, help="texts to label in each project")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--shots", type=Path, help="a folder for pictures, light and dark, wide and narrow")
    return parser.parse_args()


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    env = os.environ | {
        "LABELLER_HOME": str(folder / "home"),
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("LABELLER_DATABASE_URL", "LABELLER_REDIS_URL"):
        env.pop(name, None)
    port, watch = free_port(), Stopwatch()
    with running("manage.py", "up", "--port", str(port), env=env, log=folder / "up.log") as run:
        with watch.part("start to the first page"):
            run.wait_for("Ctrl-C stops it.")
        password = make_owner(env)
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
            expect.set_options(timeout=PATIENCE_MS)
            walks = walk(options, browser, f"http://127.0.0.1:{port}/", password, folder, watch)
            complaints = [complaint for one in walks for complaint in one.walker.complaints]
            browser.close()
        with watch.part("everything stops"):
            ended = run.end()
        tracebacks = run.output.count("Traceback")
    found = {one.name: judge(one, test, watch) for one, test in zip(walks, tests_of(options), strict=True)}
    return {
        "seconds": watch.seconds,
        "projects": found,
        "browser_complaints": complaints,
        "exit_code": ended,
        "tracebacks": tracebacks,
    }


def make_owner(env: dict[str, str]) -> str:
    """The first account of an installation without the demo, as the handbook says. Returns its password."""
    password = secrets.token_urlsafe(12)
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username", OWNER, "--email", "o@x.org"]
    subprocess.run(
        command, cwd=ROOT, env=env | {"DJANGO_SUPERUSER_PASSWORD": password}, check=True, capture_output=True
    )
    return password


def tests_of(options: argparse.Namespace) -> list[Path]:
    return [options.tos_test, options.banking_test]


def walk(
    options: argparse.Namespace, browser: Any, address: str, password: str, folder: Path, watch: Stopwatch
) -> list[ProjectWalk]:
    """Both projects side by side, each in a window of its own: one is labelled while the other one's texts are read."""
    walks = []
    for name, train, is_multi in (("tos", options.tos_train, True), ("banking", options.banking_train, False)):
        walker = Walker(browser, address)
        walker.sign_in(OWNER, password)
        walks.append(ProjectWalk(walker, name, train, is_multi, folder / name))
    for one in walks:
        with watch.part(f"{one.name}: project made, file uploaded, mapped and tried out"):
            one.make_and_map()
        with watch.part(f"{one.name}: imported"):
            one.import_file()
        with watch.part(f"{one.name}: the first five texts, in random order"):
            one.label(5)
    for one in walks:
        with watch.part(f"{one.name}: until the queue is in order"):
            one.wait_for_order()
        with watch.part(f"{one.name}: on to {options.labels} labels"):
            one.label(options.labels)
        one.look_at_the_labelling_page()
    for one in walks:
        with watch.part(f"{one.name}: until its full runs are over"):
            one.wait_for_full_runs()
        one.read_results()
    for one in walks:
        with watch.part(f"{one.name}: model packed, checked and downloaded"):
            one.take_model()
    return walks


def judge(one: ProjectWalk, test: Path, watch: Stopwatch) -> dict[str, Any]:
    """The downloaded model on the test file, and the rival taught on the same answers."""
    rows: Rows = read_rows(test)
    names = one.label_names
    with watch.part(f"{one.name}: predict.py on {len(rows.texts)} test texts"):
        predicted = predict_file(unpack(one.zip_path), rows.texts)
    taught = [(asked.text, one.keyboard.gold_of(asked.text)) for asked in one.keyboard.asked]
    rival = tfidf(taught, rows.texts, names, is_multi=one.is_multi)
    nothing: list[list[str]] = [[] for _ in rows.texts]
    figures = {
        "model": scores(rows.answers, predicted, names, is_multi=one.is_multi),
        "tfidf_same_labels": scores(rows.answers, rival, names, is_multi=one.is_multi),
    }
    if one.is_multi:
        figures["no_label_ever"] = scores(rows.answers, nothing, names, is_multi=True)
    return one.report() | {"test_texts": len(rows.texts), "test": figures}


if __name__ == "__main__":
    main()

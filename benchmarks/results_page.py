"""The results pages of a large project: server time, queries, and seconds until Chromium has drawn them.

    python -m benchmarks.results_page [--versions 200] [--texts 100000] [--annotations 20000] [--repeats 7] [--json OUT]

Fresh SQLite database, eight people, half a year of work. Server time is measured inside this process, around the whole
request (middleware, view, template), by the clock and by the processor: on a busy machine the clock also counts whoever
else works. The drawing is measured against the real web server, from the navigation's start to the last picture.
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.own_home import measured
from labeller.learning.measured_on import machine

LABELS = 9
TARGETS = {"server_ms": 300, "queries": 25, "drawn_s": 1.5}
# Every page that this tree has; those of other trees are passed over.
PAGES = ("results", "results-errors", "results-models", "results-effort", "results-report")
PARTS = (
    "results-figures", "results-curve", "results-models-live", "results-newer", "results-effort-live", "notices",
)  # fmt: skip
# Where a page draws pictures by a script, the last of them; else its heading.
DRAWN = """() => [...document.querySelectorAll("figure[data-spec]:not([hidden]), figure[data-chart]")].every(
  (figure) => figure.querySelector("svg .mark-symbol, svg .mark-rect")) && document.querySelector("h1")"""


def main() -> None:
    options = arguments()
    measured("results", lambda _: measure(options), out=options.json)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--versions", type=int, default=200)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--annotations", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--no-browser", action="store_true", help="Only the server's time and queries.")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def measure(options: argparse.Namespace) -> dict[str, Any]:
    import django

    django.setup()
    for words in (["migrate"], ["build_charts"], ["collectstatic", "--noinput"]):
        subprocess.run([sys.executable, "manage.py", *words, "--verbosity", "0"], check=True)
    from benchmarks.results_project import make_project

    began = time.perf_counter()
    user = make_project(versions=options.versions, texts=options.texts, annotations=options.annotations, labels=LABELS)
    made_s = round(time.perf_counter() - began, 1)
    pages = {name: server_time(name, user, options.repeats) for name in (*PAGES, *PARTS) if address(name)}
    drawn = {} if options.no_browser else drawn_times(user, [name for name in PAGES if address(name)], options.repeats)
    for name, seconds in drawn.items():
        pages[name]["drawn_s"] = seconds
    return {
        "benchmark": "results_page",
        "machine": machine(),
        "project": {"versions": options.versions, "texts": options.texts, "annotations": options.annotations},
        "made_s": made_s,
        "targets": TARGETS,
        "pages": pages,
    }


def address(name: str) -> str | None:
    from django.urls import NoReverseMatch, reverse

    try:
        return reverse(name, args=["bench"])
    except NoReverseMatch:
        return None


def server_time(name: str, user: Any, repeats: int) -> dict[str, Any]:
    """Medians, the first request left out: it compiles templates."""
    from django.conf import settings
    from django.db import connection, reset_queries
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    url = address(name) or ""
    with CaptureQueriesContext(connection) as captured:
        first = client.get(url)
    assert first.status_code in (200, 204), (name, first.status_code)
    queries = len(captured)
    settings.DEBUG = False
    reset_queries()
    clock, processor = [], []
    for _ in range(repeats):
        began, worked = time.perf_counter(), time.process_time()
        client.get(url)
        clock.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - worked))
    return {
        "queries": queries,
        "server_ms": round(statistics.median(clock), 1),
        "least_ms": round(min(clock), 1),
        "processor_ms": round(statistics.median(processor), 1),
        "kilobytes": round(len(first.content) / 1024),
    }


def drawn_times(user: Any, names: list[str], repeats: int) -> dict[str, float]:
    """Median seconds from the start of the navigation until everything is drawn, in a browser that knows the files."""
    from playwright.sync_api import sync_playwright

    from benchmarks.serving import start_web, wait_for_page

    cookie = session_of(user)
    port, web = start_web(sorted(os.sched_getaffinity(0))[0])
    try:
        wait_for_page(port)
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            context = browser.new_context(viewport={"width": 1280, "height": 860})
            context.add_cookies([cookie | {"url": f"http://127.0.0.1:{port}"}])
            found = {name: statistics.median(drawn(context, port, name) for _ in range(repeats + 1)) for name in names}
            browser.close()
    finally:
        web.terminate()
        web.wait()
    return {name: round(seconds, 2) for name, seconds in found.items()}


def drawn(context: Any, port: int, name: str) -> float:
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}{address(name)}", wait_until="commit")
    page.wait_for_function(DRAWN, polling="raf")
    milliseconds = page.evaluate("performance.now()")
    page.close()
    return float(milliseconds) / 1000


def session_of(user: Any) -> dict[str, str]:
    """A signed-in browser's cookie."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}


if __name__ == "__main__":
    main()

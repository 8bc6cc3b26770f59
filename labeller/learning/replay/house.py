"""A house of its own for a replay: database, texts and embeddings made once, then a copy for each seed.

    echo '{"do": "play", …}' | python -m labeller.learning.replay.house

runs one order (`prepare` or `play`) in a fresh process and prints a JSON object a line. The process that asks may have
a database of its own, so nothing of Django is imported here before LABELLER_HOME points elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from labeller.learning.line_process import answers, read_order
from labeller.learning.replay.wish import Wish, kept_points

BASE = Path(__file__).resolve().parents[3]
ELSEWHERE = ("LABELLER_DATABASE_URL", "LABELLER_REDIS_URL", "LABELLER_CREW", "LABELLER_ENCODERS", "Q_CLUSTER_NAME")


@contextmanager
def folder_for_now(prefix: str) -> Iterator[Path]:
    """In the temporary folder, gone at the end, also when the process is told to end by SIGTERM."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            yield Path(folder)
    finally:
        signal.signal(signal.SIGTERM, before)


def prepare(
    home: Path, train: Path, test: Path | None, *, threads: int = 0, keep_in_both: bool = False
) -> dict[str, Any]:
    """Make the house that every seed begins with: texts imported, and read by the default encoder. Raises
    ProcessFailed."""
    facts = {"train": str(train), "test": str(test) if test else None, "keep_in_both": keep_in_both}
    return list(_order(home, {"do": "prepare"} | facts, threads))[-1]


def play(prepared: Path, home: Path, wish: Wish, *, threads: int = 0) -> Generator[dict[str, Any], None, None]:
    """Points of one seed and policy, in a copy of the prepared house that is removed at the end. Where `wish.keep` has
    the beginning of this play, its points come first, and it goes on from the last of them. Raises ProcessFailed."""
    points = kept_points(wish)
    shutil.copytree(Path(wish.keep) / "house" if wish.keep and points else prepared, home)
    try:
        yield from points
        if len(points) < len(wish.labels):
            yield from _order(home, {"do": "play"} | asdict(wish), threads)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _order(home: Path, order: dict[str, Any], threads: int) -> Iterator[dict[str, Any]]:
    """Carry out one order in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"} | kept
    environment |= {
        "LABELLER_HOME": str(home),
        "LABELLER_LOG_LEVEL": "CRITICAL",
        "DJANGO_SETTINGS_MODULE": "labeller.settings",
    }
    if threads:
        environment |= {"LABELLER_TRAINING_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "labeller.learning.replay.house"]
    return answers(command, order, folder=BASE, environment=environment)


def main() -> None:
    order = read_order()
    import django

    django.setup()
    from labeller.learning.replay.lines import ReplayRefused
    from labeller.learning.replay.start import prepared, replayed

    try:
        do = order.pop("do")
        for said in prepared(**order) if do == "prepare" else replayed(Wish(**order)):
            print(json.dumps(said), flush=True)
    except ReplayRefused as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main()

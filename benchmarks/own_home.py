"""The frame of benchmarks that have a LABELLER_HOME of their own: made before, gone after, processes ended, one JSON
object printed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Processes = list["subprocess.Popen[bytes]"]


def measured(
    name: str, measure: Callable[[Processes], dict[str, Any]], *, out: Path | None, keep_database: bool = False
) -> None:
    """Run `measure` on SQLite in an empty home, or with `keep_database` on what LABELLER_DATABASE_URL names. It puts
    the processes it starts into the list it is given. Its report goes to standard output, and to `out`. Call it before
    anything of Django is imported."""
    home = Path(tempfile.mkdtemp(prefix=f"labeller-{name}-"))
    os.environ.update(LABELLER_HOME=str(home), LABELLER_LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="labeller.settings")
    if not keep_database:
        os.environ.pop("LABELLER_DATABASE_URL", None)
    processes: Processes = []
    try:
        report = measure(processes)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        shutil.rmtree(home, ignore_errors=True)
    line = json.dumps(report, indent=1)
    if out:
        out.write_text(line + "\n", encoding="utf-8")
    print(line)

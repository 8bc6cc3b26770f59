"""From `manage.py up --demo` to the first page: an empty installation, then the same again.

python -m benchmarks.startup [--runs 3] [--json OUT]. Packages are installed already: what `make run` adds at a later
start is a look at a stamp file (some 50 ms)."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.installation import Installation
from labeller.learning.measured_on import machine


def one_run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder) / "home")
        try:
            first = installation.start()
            first_stop = installation.stop()
            later = installation.start()
        finally:
            stop = installation.stop()
    return {"first_s": first, "later_s": later, "stop_s": max(first_stop, stop)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report: dict[str, Any] = {"benchmark": "startup", "machine": machine()}
    runs = [one_run() for _ in range(options.runs)]
    report["runs"] = [{name: round(value, 2) for name, value in run.items()} for run in runs]
    report["median"] = {name: round(median(run[name] for run in runs), 2) for name in runs[0]}
    text = json.dumps(report)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()

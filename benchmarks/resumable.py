"""A benchmark's report on disk, so that a stopped one goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Report = dict[str, Any]


def already(path: Path | None) -> Report:
    """The report that is there, or one without runs."""
    if path and path.exists():
        found: Report = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {"runs": []}


def write(report: Report, path: Path | None, table: Callable[[list[Report]], list[Report]]) -> None:
    """Work out the table of the runs anew, and write all to `path` where there is one."""
    report["table"] = table(report["runs"])
    if path:
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")

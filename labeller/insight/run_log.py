"""What a run left behind, as plain text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labeller.learning.models import TrainingRun


def error_of(log: Sequence[dict[str, Any]]) -> str:
    """The traceback of the exception that ended it; empty without one."""
    return next((str(one["error"]) for one in log if "error" in one), "")


def log_text(run: TrainingRun) -> str:
    """English whatever the page's language: whoever looks for a cause searches the web for it."""
    facts = {
        "run": run.key,
        "kind": run.kind,
        "state": run.state,
        "reason": run.reason,
        "asked for": _moment(run.created_at),
        "began": _moment(run.started_at),
        "ended": _moment(run.finished_at),
        "labels": run.labels_at_start,
        "tries": run.attempts,
        "worker": run.worker,
        "last heard": run.stage,
        "progress": f"{run.progress:.3f}",
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value not in ("", None)]
    for one in run.log:
        if "error" not in one:
            lines.append("  ".join(f"{name} {one[name]}" for name in sorted(one, key=_place)))
    error = error_of(run.log)
    return "\n".join([*lines, *(["", error] if error else [])]) + "\n"


def _place(name: str) -> tuple[int, str]:
    """Stage, step, loss and seconds first: PostgreSQL keeps no order of names in JSON."""
    known = ("stage", "step", "loss", "seconds")
    return (known.index(name) if name in known else len(known), name)


def _moment(when: Any) -> str:
    return when.isoformat(timespec="seconds") if when else ""

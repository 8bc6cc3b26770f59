"""What a figure was measured on, for the head of the JSON of `simulate` and of every benchmark."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers")


def machine() -> dict[str, Any]:
    """Name of the processor, cores this process may use, load at the start, versions of what does the sums."""
    described = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": described[0] if described else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(load, 2) for load in os.getloadavg()],
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "default"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def commit() -> str:
    """Of the code that runs, with a plus where files were changed since; empty outside a git repository."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return said.stdout.strip()


def made_by() -> dict[str, Any]:
    """What makes a run that begins now: a file that is gone on with has runs of several."""
    said = commit()
    return {"commit": said.removesuffix("+"), "dirty": said.endswith("+"), "machine": machine()}

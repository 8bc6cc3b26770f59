"""Memory at rest: web and workers, after the encoder was loaded and the demo's texts were embedded.

python -m benchmarks.memory [--json OUT]. PSS counts a page that several processes share once in all, so the sum over
the process group is what the machine really gives (Linux)."""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.installation import Installation, wait_until
from labeller.learning.measured_on import machine

EMBEDDED = (
    "from labeller.learning.models import TrainingRun as R; print(R.objects.filter(kind='embed', state='done').count())"
)


def megabytes(pid: int, line: str, file: str) -> float:
    found = re.search(rf"^{line}:\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text(), flags=re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def part_of(command: str) -> str:
    for part in ("web", "quick", "training"):
        if re.search(rf"labeller\.operations\.(cluster )?{part}\b", command):
            return part
    return "up"


def measure() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder) / "home")
        try:
            installation.start()
            wait_until(lambda: installation.query(EMBEDDED) == "1", every_s=1.0)
            pss: dict[str, float] = defaultdict(float)
            web_rss = 0.0
            for pid, command in installation.members().items():
                pss[part_of(command)] += megabytes(pid, "Pss", "smaps_rollup")
                if part_of(command) == "web":
                    web_rss = max(web_rss, megabytes(pid, "VmRSS", "status"))
        finally:
            installation.stop()
    return {
        "pss_mb": {part: round(value) for part, value in pss.items()},
        "all_pss_mb": round(sum(pss.values())),
        "web_rss_mb": round(web_rss),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    text = json.dumps({"benchmark": "memory", "machine": machine()} | measure())
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()

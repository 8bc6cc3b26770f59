"""How fast a CSV file comes in, and in how much memory: `python -m benchmarks.importing --rows 100000 --json OUT`.

Each seed is a fresh process with a fresh SQLite home: its peak memory is then its own. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.labelled_lines import objects

WORDS = [
    "we", "you", "may", "shall", "not", "terms", "service", "notice", "court", "change", "account", "law", "content",
    "time", "any", "right", "end", "party", "use", "agree", "without", "prior", "written", "under", "these",
    "conditions", "provider", "customer", "fee", "data", "consent", "claim",
]  # fmt: skip


def texts(rows: int, seed: int, file: Path | None) -> list[str]:
    """Real texts when a JSON Lines file of them is given, each with its number so that no two are the same."""
    if file is None:
        draw = random.Random(seed)
        base = [" ".join(draw.choices(WORDS, k=draw.randint(6, 60))) for _ in range(2_000)]
    else:
        base = [row["text"] for row in objects(file)]
        random.Random(seed).shuffle(base)
    return [f"{base[n % len(base)]} {n}" for n in range(rows)]


def write_csv(path: Path, rows: int, seed: int, file: Path | None) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "text", "source"])
        writer.writerows([str(n), text, f"part {n % 7}"] for n, text in enumerate(texts(rows, seed, file)))


def one_run(path: Path) -> dict[str, Any]:
    """Inside the fresh process: migrate, upload, import."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "labeller.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from labeller.corpus import services
    from labeller.corpus.importing import run_import
    from labeller.projects.models import Project

    call_command("migrate", verbosity=0)
    project = Project.objects.create(name="Benchmark", slug="benchmark", encoder="all-MiniLM-L6-v2", seed=1)
    before = _peak_megabytes()
    start = time.perf_counter()
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(1 << 16), b"")
        job = services.store_upload(project=project, user=None, file_name=path.name, chunks=chunks)
    stored = time.perf_counter()
    services.start_import(job=job, background=False)
    run_import(job.pk)
    end = time.perf_counter()
    job.refresh_from_db()
    assert job.state == "done", job.reason
    assert project.documents.count() == job.added == job.rows_read
    return {
        "rows": job.added,
        "file_mb": round(job.size / 1e6, 2),
        "upload_and_guess_s": round(stored - start, 3),
        "import_s": round(end - stored, 3),
        "rows_per_s": round(job.added / (end - stored)),
        "memory_before_mb": before,
        "memory_peak_mb": _peak_megabytes(),
    }


def _peak_megabytes() -> float:
    """Resident, of this process, since its start."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def measure(rows: int, seed: int, file: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "texts.csv"
        write_csv(path, rows, seed, file)
        environment = os.environ | {"LABELLER_HOME": str(Path(home) / "var")}
        environment.pop("LABELLER_DATABASE_URL", None)
        command = [sys.executable, "-m", "benchmarks.importing", "--one", str(path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        return {"seed": seed, **json.loads(done.stdout.splitlines()[-1])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=3, help="How many runs.")
    parser.add_argument("--texts", type=Path, help="JSON Lines with a `text` each, repeated with a number.")
    parser.add_argument("--json", type=Path, metavar="OUT")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_run(options.one)))
        return
    import django

    runs = [measure(options.rows, seed, options.texts) for seed in range(options.seeds)]
    report = {
        "benchmark": "importing",
        "machine": {"name": platform.node(), "cpu": platform.machine(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), "django": django.__version__, "database": "sqlite"},
        "texts": options.texts.name if options.texts else "generated",
        "runs": runs,
        "median": {
            name: statistics.median(run[name] for run in runs) for name in ("rows_per_s", "import_s", "memory_peak_mb")
        },
    }
    print(json.dumps(report, indent=1))
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

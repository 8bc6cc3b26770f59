"""What the workers of the cluster "quick" run. Named by dotted path, never imported by a web process' views."""

from __future__ import annotations

from labeller.corpus import dry_run, importing


def run_import(job_id: int) -> None:
    importing.run_import(job_id)


def run_dry_run(job_id: int) -> None:
    dry_run.run_dry_run(job_id)

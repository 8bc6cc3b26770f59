"""Files for the corpus tests, made by short functions."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from labeller.corpus import services
from labeller.corpus.importing import run_import
from labeller.corpus.mapping import Mapping
from labeller.corpus.models import ImportJob
from labeller.projects.models import Project, User


def csv_bytes(rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode(encoding)


def upload(project: Project, content: bytes | str, name: str = "texts.csv", user: User | None = None) -> ImportJob:
    raw = content.encode() if isinstance(content, str) else content
    return services.store_upload(project=project, user=user, file_name=name, chunks=[raw])


def remap(job: ImportJob, **changes: Any) -> ImportJob:
    """Change these fields of the mapping, or of its layout."""
    mapping = Mapping.from_json(job.settings)
    layout = {key: changes.pop(key) for key in list(changes) if hasattr(mapping.layout, key)}
    services.save_mapping(job=job, mapping=replace(mapping, layout=replace(mapping.layout, **layout), **changes))
    return job


def imported(job: ImportJob) -> ImportJob:
    """Run it here and now, as a worker would."""
    services.start_import(job=job, background=False)
    run_import(job.pk)
    job.refresh_from_db()
    return job


def reasons(job: ImportJob) -> dict[int, str]:
    return dict(job.refused_lines.values_list("line", "reason"))

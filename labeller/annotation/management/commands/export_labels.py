"""python manage.py export_labels PROJECT --format csv|jsonl --out FILE"""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeller.annotation.export import WRITERS, lines
from labeller.projects.models import Project


class Command(BaseCommand):
    help = (
        "Write every current answer of a project, one a line, to a file or to standard output. In CSV, cells that a "
        "spreadsheet would run as a formula get an apostrophe in front; JSON Lines are exact."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="The project's short name, as in its address.")
        parser.add_argument("--format", choices=sorted(WRITERS), default="csv")
        parser.add_argument("--out", type=Path, help="File to write; without it, standard output.")
        parser.add_argument("--json", action="store_true", help="Report as one JSON object (needs --out).")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            known = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
            raise CommandError(f"There is no project {options['project']!r}. Known: {known}.", returncode=2)
        out: Path | None = options["out"]
        if out is None:
            if options["json"]:
                raise CommandError("--json reports on a file: name one with --out.", returncode=2)
            for piece in lines(project, options["format"]):
                self.stdout.write(piece, ending="")
            return
        answers = _write(project, options["format"], out)
        report = {"project": project.slug, "format": options["format"], "file": str(out), "answers": answers}
        self.stdout.write(json.dumps(report) if options["json"] else f"Wrote {answers} answers to {out}.")


def _write(project: Project, file_format: str, out: Path) -> int:
    """Write to a temporary name and rename, so a file of that name is always whole. Returns the number of answers."""
    partial = out.with_name(f".{out.name}.partial")
    pieces = 0
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            for piece in lines(project, file_format):
                file.write(piece)
                pieces += 1
        os.replace(partial, out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CommandError(f"Cannot write {out}: {error.strerror}.", returncode=2) from error
    return pieces - (file_format == "csv")  # its first piece is the header

"""Import a file by command: the same services as in the browser, without its limit on size."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeller.corpus import services
from labeller.corpus.dry_run import DryRun, check_file
from labeller.corpus.encodings import ENCODINGS
from labeller.corpus.errors import CorpusError, MappingError
from labeller.corpus.forms import MACHINE_NAME
from labeller.corpus.importing import run_import
from labeller.corpus.mapping import Mapping
from labeller.corpus.models import ImportJob, RefusedLine
from labeller.corpus.preview import preview
from labeller.corpus.readers import FORMATS
from labeller.projects.models import Membership, Project, User

REFUSALS_SHOWN = 20
BAD_INPUT = 2


class Command(BaseCommand):
    help = "Import texts into a project from CSV, JSON Lines or plain text. What is not said is guessed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", metavar="PROJECT_SLUG")
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--format", choices=list(FORMATS))
        parser.add_argument("--encoding", choices=list(ENCODINGS))
        parser.add_argument("--delimiter", help="One character, or 'tab'.")
        parser.add_argument("--text-column")
        parser.add_argument("--id-column")
        parser.add_argument("--label-column")
        parser.add_argument("--labels", choices=[use.value for use in ImportJob.LabelUse], default="ignore")
        parser.add_argument("--machine", metavar="NAME", help="With --labels machine: the LLM that gave them.")
        parser.add_argument("--create-labels", action="store_true", help="Add unknown labels; else refuse their lines.")
        parser.add_argument(
            "--test", action="store_true", help="A test file: its texts only measure models and never come to the pool."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and change nothing.")
        parser.add_argument("--user", metavar="USERNAME", help="Who imports; imported labels are theirs.")
        parser.add_argument("--json", action="store_true", help="One JSON object on standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self._import(options)
        except (CorpusError, OSError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        if options["json"]:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        would = "Would add" if options["dry_run"] else "Added"
        self.stdout.write(
            f"{would} {result['added']:,}; duplicates {result['duplicates']:,}; refused {result['refused']:,}; "
            f"labels taken over {result['labelled']:,}."
        )
        for row in result["refused_lines"]:
            self.stdout.write(f"Line {row['line']}: {row['reason']}.")

    def _import(self, options: dict[str, Any]) -> dict[str, Any]:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise MappingError(f"There is no project '{options['project']}'.")
        if project.is_archived:
            raise MappingError(f"“{project}” is archived. Bring it back first, from the list of projects.")
        user = self._user(project, options["user"])
        if options["test"]:
            options["labels"] = ImportJob.LabelUse.ANNOTATIONS.value  # they are what such a file is for
        elif options["labels"] == ImportJob.LabelUse.ANNOTATIONS and user is None:
            raise MappingError("Labels taken over are somebody's answers. Say whose with --user USERNAME.")
        if (options["labels"] == ImportJob.LabelUse.MACHINE) != bool((options["machine"] or "").strip()):
            raise MappingError("Labels of an LLM need its name: --labels machine --machine NAME.")
        path: Path = options["file"]
        purpose = ImportJob.Purpose.TEST if options["test"] else ImportJob.Purpose.POOL
        job = services.store_upload(
            project=project, user=user, file_name=path.name, chunks=_chunks(path), purpose=purpose
        )
        try:
            services.save_mapping(job=job, mapping=_mapping(job, options))
            if options["dry_run"]:
                return self._dry_run(job)
            services.start_import(job=job, background=False)
        except CorpusError:
            _forget(job)
            raise
        return self._run(job)

    def _user(self, project: Project, name: str | None) -> User | None:
        if name is None:
            return None
        member = Membership.objects.filter(project=project, user__username=name).select_related("user").first()
        if member is None:
            raise MappingError(f"There is no '{name}' among the members of '{project.slug}'.")
        return member.user

    def _dry_run(self, job: ImportJob) -> dict[str, Any]:
        result = DryRun(job.settings)
        try:
            check_file(job, result, lambda so_far: self._progress(so_far.rows, so_far.bytes_read, job.size))
        finally:
            _forget(job)
        duplicates = result.duplicates_in_file + result.duplicates_in_project
        return _answer(job, result.rows, result.added, duplicates, result.refused, result.labelled, result.refusals) | {
            "dry_run": True,
            "new_labels": result.new_label_count,
        }

    def _run(self, job: ImportJob) -> dict[str, Any]:
        start = time.monotonic()
        run_import(job.pk, on_batch=lambda so_far: self._progress(so_far.rows_read, so_far.bytes_read, job.size))
        job.refresh_from_db()
        if job.state != ImportJob.State.DONE:
            raise MappingError(job.reason or f"The import was {job.get_state_display().lower()}.")
        refused = RefusedLine.objects.filter(job=job).values("line", "reason", "beginning")[:REFUSALS_SHOWN]
        answer = _answer(
            job, job.rows_read, job.added, job.duplicates, job.refused, job.labelled, [dict(row) for row in refused]
        )
        return answer | {"dry_run": False, "seconds": round(time.monotonic() - start, 3)}

    def _progress(self, rows: int, bytes_read: int, size: int) -> None:
        end = "\n" if bytes_read >= size else ""
        self.stderr.write(f"\r{rows:,} rows, {100 * min(bytes_read, size) // max(size, 1)} %", ending=end)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk


def _mapping(job: ImportJob, options: dict[str, Any]) -> Mapping:
    """The guess, with what was said on the command line put over it. Raises MappingError for columns not there."""
    mapping = Mapping.from_json(job.settings)
    delimiter = "\t" if options["delimiter"] in ("tab", "\\t") else options["delimiter"]
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n\x00'):
        raise MappingError(f"--delimiter is one character or 'tab', not '{options['delimiter']}'.")
    said = {"format": options["format"], "encoding": options["encoding"], "delimiter": delimiter}
    layout = replace(mapping.layout, **{name: value for name, value in said.items() if value is not None})
    if layout != mapping.layout:
        mapping = services.guess_again(job=job, layout=layout)
    columns = {"text": "text_column", "external_id": "id_column", "labels": "label_column"}
    named = {field: options[option] for field, option in columns.items() if options[option] is not None}
    table = preview(job, mapping)
    for name in named.values():
        if name not in table.names:
            raise MappingError(f"There is no column '{name}' in {job.file_name}; it has: {', '.join(table.names)}.")
    said = {"label_use": options["labels"], "create_labels": options["create_labels"]}
    mapping = replace(mapping, **named, **said, machine=" ".join((options["machine"] or "").split())[:MACHINE_NAME])
    if mapping.label_use != ImportJob.LabelUse.IGNORE and not mapping.labels:
        raise MappingError(f"No column of {job.file_name} looks like labels. Name it with --label-column.")
    return mapping


def _forget(job: ImportJob) -> None:
    services.cancel_import(job=job)
    job.delete()


def _answer(
    job: ImportJob, rows: int, added: int, duplicates: int, refused: int, labelled: int, lines: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "import": str(job.key),
        "file": job.file_name,
        "rows": rows,
        "added": added,
        "duplicates": duplicates,
        "refused": refused,
        "labelled": labelled,
        "refused_lines": lines,
        "mapping": job.settings,
    }

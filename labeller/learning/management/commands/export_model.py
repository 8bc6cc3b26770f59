"""python manage.py export_model PROJECT [--version N] --out FILE [--json]: a checked zip, built in this process."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeller.learning.models import LoopState, ModelVersion
from labeller.projects.models import Project


class Command(BaseCommand):
    help = "Write a model as a zip that runs without this tool, after comparing its answers in a fresh process."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version would take the name that the model's number needs.
        kwargs["conflict_handler"] = "resolve"
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument(
            "--version",
            type=int,
            dest="number",
            metavar="N",
            help="of the model; else the newest, on the promoted encoder",
        )
        parser.add_argument("--out", required=True, type=Path, help="the zip to write")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        version, out = self._version(options["project"], options["number"]), Path(options["out"])
        if not out.parent.is_dir():
            raise CommandError(f"There is no folder {out.parent}; make it first.", returncode=2)
        # Imported here: this loads torch, which bad input should not have to wait for.
        from labeller.learning.bridges.export import ExportCheckFailed, bundle
        from labeller.learning.reasons import reason_of

        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as name:
            zip_path = Path(name) / "model.zip"
            try:
                check = bundle(version, Path(name) / "bundle", zip_path)
            except (ExportCheckFailed, OSError) as error:
                raise CommandError(f"Nothing was written. {reason_of(error)}", returncode=1) from error
            zip_path.replace(out)
        told = {"model": version.number, "out": str(out), "size": out.stat().st_size, "check": check}
        self.stdout.write(
            json.dumps(told) if options["json"] else f"Model {version.number} in {out}. {check['message']}"
        )

    def _version(self, slug: str, number: int | None) -> ModelVersion:
        project = Project.objects.filter(slug=slug).first()
        if project is None:
            raise CommandError(f"There is no project '{slug}'.", returncode=2)
        versions = ModelVersion.objects.select_related("project", "base").filter(project=project, deleted_at=None)
        versions = versions.order_by("-number")
        if number is None:
            serving = LoopState.objects.filter(project=project).values_list("serving_id", flat=True).first()
            version = versions.filter(pk=serving).first() if serving and not versions.filter(base_id=serving) else None
            version = version or versions.first()
        else:
            version = versions.filter(number=number).first()
        if version is None:
            known = ", ".join(str(n) for n in versions.values_list("number", flat=True)[:20]) or "none yet"
            raise CommandError(f"'{slug}' has no model {number or ''}; its models: {known}.", returncode=2)
        return version

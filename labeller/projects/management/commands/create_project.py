"""manage.py create_project NAME --kind single --labels "A,B" --manager USERNAME: a project without the browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeller.projects.forms import ProjectForm
from labeller.projects.labels import Draft, LabelError, parse_lines
from labeller.projects.models import Project, User
from labeller.projects.services import ProjectError, create_project


class Refused(CommandError):
    """Bad input: exit code 2 and a sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=2)


class Command(BaseCommand):
    help = "Make a project with its labels and its manager."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--kind", default=Project.Kind.SINGLE, help="single or multi: labels a text may have")
        given = parser.add_mutually_exclusive_group()
        given.add_argument("--labels", default="", metavar='"A,B"', help="names with commas between them")
        given.add_argument("--labels-file", type=Path, metavar="FILE", help="one a line, after ' : ' a description")
        parser.add_argument("--guidelines", type=Path, metavar="FILE", help="Markdown")
        parser.add_argument("--language", default="", metavar="CODE", help="of the texts, as in HTML: en, de, pt-br")
        parser.add_argument("--encoder", default=settings.DEFAULT_ENCODER, metavar="KEY")
        parser.add_argument("--manager", required=True, metavar="USERNAME")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        manager = User.objects.filter(username=options["manager"]).first()
        if manager is None:
            raise Refused(f"There is no user “{options['manager']}”. Make the account first.")
        fields = {
            "name": options["name"],
            "kind": options["kind"],
            "encoder": options["encoder"],
            "guidelines": _read(options["guidelines"]),
            "language": options["language"],
            "suggestions": Project.Suggestions.SHOWN,
            "overlap": 1,
        }
        form = ProjectForm(fields)
        if not form.is_valid():
            field, errors = next(iter(form.errors.items()))
            raise Refused(f"{field}: {errors[0]} {_known(field)}".strip())
        try:
            project = create_project(manager=manager, labels=_drafts(options), **form.cleaned_data)
        except (LabelError, ProjectError) as error:
            raise Refused(str(error)) from error
        self._tell(project, [label.name for label in project.labels.all()], as_json=options["json"])

    def _tell(self, project: Project, labels: list[str], *, as_json: bool) -> None:
        if as_json:
            facts = {"slug": project.slug, "name": project.name, "kind": project.kind, "labels": labels}
            self.stdout.write(json.dumps(facts, ensure_ascii=False))
        else:
            self.stdout.write(f"Made “{project.name}” with {len(labels)} labels, at /p/{project.slug}/")


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read as UTF-8 text: {error}.") from error


def _drafts(options: dict[str, Any]) -> list[Draft]:
    if options["labels_file"]:
        return parse_lines(_read(options["labels_file"]))
    return parse_lines("\n".join(options["labels"].split(",")))


def _known(field: str) -> str:
    known = {"kind": Project.Kind.values, "encoder": list(settings.ENCODERS)}.get(field)
    return f"Known: {', '.join(known)}." if known else ""

"""python manage.py check_results PROJECT [--json]: whether every figure follows from the facts stored with it."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeller.learning.bridges.recheck import recheck
from labeller.projects.models import Project


class Command(BaseCommand):
    help = (
        "Compute the figures of all versions, readings of the pool, running scores and comparisons of a project again, "
        "from the predictions and answers frozen with them. Exit code 1 where one is not equal to the last digit."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.", returncode=2)
        found = list(recheck(project))
        wrong = [one for one in found if one.differences]
        if options["json"]:
            told = {"project": project.slug, "checked": len(found), "equal": not wrong}
            told["different"] = {one.what: one.differences for one in wrong}
            self.stdout.write(json.dumps(told))
        else:
            for one in wrong:
                self.stdout.write(f"{one.what}: {'; '.join(one.differences)}")
            self.stdout.write(f"{len(found) - len(wrong)} of {len(found)} results follow from their facts.")
        if wrong:
            raise CommandError(f"{len(wrong)} of {len(found)} results differ from their facts.", returncode=1)

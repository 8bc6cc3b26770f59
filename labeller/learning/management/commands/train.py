"""python manage.py train PROJECT [--wait] [--json]: a full run, from the command line."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeller.learning import services, tasks
from labeller.learning.models import ModelVersion, TrainingRun
from labeller.learning.refresh import refresh
from labeller.projects.models import Project


class Command(BaseCommand):
    help = "Fine-tune a project's encoder on its labels. With --wait in this process, else in the training worker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("--wait", action="store_true", help="do it here and return when it has ended")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            known = ", ".join(Project.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
            raise CommandError(f"There is no project '{options['project']}'; known: {known}.", returncode=2)
        try:
            run = services.start_full(project=project, enqueue=not options["wait"])
        except services.RunRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        if options["wait"]:
            tasks.fine_tune(run.pk)
            refresh(project.pk)
        run.refresh_from_db()
        self._say(run, as_json=options["json"])
        if run.state == TrainingRun.State.FAILED:
            raise CommandError(f"The run failed. {run.reason}", returncode=1)

    def _say(self, run: TrainingRun, *, as_json: bool) -> None:
        version = ModelVersion.objects.filter(run=run).order_by("-number").first()
        told = {
            "run": str(run.key),
            "state": run.state,
            "reason": run.reason,
            "model": version.number if version else None,
            "labels": version.n_labels if version else run.labels_at_start,
            "audit": version.metrics if version else {},
            "promoted": bool(version and version.promoted_at),
            "seconds": round(version.duration_s, 1) if version else None,
        }
        if as_json:
            self.stdout.write(json.dumps(told))
        elif version is None:
            self.stdout.write(f"Run {run.key}: {run.get_state_display().lower()}.")
        else:
            kept = version.settings.get("promotion", "")
            self.stdout.write(
                f"Model {version.number} from {version.n_labels} labels in {version.duration_s:.0f} s. {kept}"
            )

"""What notices hear from the apps below, and from the workers."""

from __future__ import annotations

from labeller.notices import services
from labeller.projects.models import Project


def on_run_ended(run_id: int, **_: object) -> None:
    services.note_run_ended(run_id)


def on_stop_advised(project_id: int, labels: int, sentence: str, **_: object) -> None:
    project = Project.objects.filter(pk=project_id).first()
    if project is not None:
        services.note_stop_advised(project, labels=labels, sentence=sentence)


def on_looking(**_: object) -> None:
    services.catch_up()

"""The demo project: made once, at the first start of an empty installation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from labeller.corpus import importing
from labeller.corpus import services as corpus
from labeller.corpus.models import ImportJob
from labeller.operations import credentials
from labeller.projects import labels
from labeller.projects import services as projects
from labeller.projects.models import Membership, Project, Role, User

FOLDER: Path = settings.BASE / "demo"
ACCOUNTS = ("manager", "annotator")


def make_demo() -> tuple[Project, dict[str, str]]:
    """Makes the project with its labels and texts, and an account for each of ACCOUNTS.

    Returns it and the passwords by user name, and keeps these in settings.CREDENTIALS; the database has only their
    hashes. All or nothing. Raises IntegrityError when an account of that name exists.
    """
    passwords = {name: credentials.new_password() for name in ACCOUNTS}
    with transaction.atomic():
        manager, annotator = (User.objects.create_user(name, password=passwords[name]) for name in ACCOUNTS)
        project = _project(manager)
        Membership.objects.create(project=project, user=annotator, role=Role.ANNOTATOR)
        _import_texts(project, manager)
        credentials.save(settings.CREDENTIALS, passwords)
    return project, passwords


def _project(manager: User) -> Project:
    described: dict[str, Any] = json.loads((FOLDER / "project.json").read_text(encoding="utf-8"))
    return projects.create_project(
        name=described["name"],
        kind=described["kind"],
        encoder=settings.DEFAULT_ENCODER,
        manager=manager,
        guidelines=(FOLDER / "guidelines.md").read_text(encoding="utf-8"),
        language="en",
        labels=[labels.Draft(**label) for label in described["labels"]],
    )


def _import_texts(project: Project, manager: User) -> None:
    """By the way every file takes, only in this process. Raises RuntimeError when not all texts came in."""
    path = FOLDER / "terms.jsonl"
    job = corpus.store_upload(project=project, user=manager, file_name=path.name, chunks=[path.read_bytes()])
    corpus.start_import(job=job, background=False)
    importing.run_import(job.pk)
    job.refresh_from_db()
    if job.state != ImportJob.State.DONE or job.refused:
        raise RuntimeError(f"The demo's texts were not imported: {job.state}, {job.refused} refused. {job.reason}")

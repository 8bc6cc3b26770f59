"""A house of its own with a project in it whose texts have known labels, for benchmarks of the learning loop."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.labelled_lines import known_texts

if TYPE_CHECKING:
    from labeller.projects.models import Project, User

POOL = 10_000


@contextlib.contextmanager
def own_house() -> Iterator[Path]:
    """An empty LABELLER_HOME with SQLite, migrated; gone at the end. Call before anything of Django is imported."""
    home = Path(tempfile.mkdtemp(prefix="labeller-benchmark-"))
    os.environ.update(LABELLER_HOME=str(home), LABELLER_LOG_LEVEL="ERROR", DJANGO_SETTINGS_MODULE="labeller.settings")
    for name in ("LABELLER_DATABASE_URL", "LABELLER_REDIS_URL"):
        os.environ.pop(name, None)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True)
class Scene:
    project: Project
    annotator: User
    known: dict[str, tuple[str, ...]]  # text -> names of its labels
    label_ids: dict[str, int]

    def answer_one(self) -> None:
        """Serve the next text and answer it as the file says, through the services that the page calls."""
        from labeller.annotation.services import answer, serve

        served = serve(project=self.project, annotator=self.annotator, count=1)[0]
        answer(
            project=self.project,
            annotator=self.annotator,
            lease_key=served.key,
            key=uuid.uuid4(),
            status="labelled",
            label_ids=[self.label_ids[name] for name in self.known[served.text]],
            seconds=1.0,
        )


def embedded_scene(path: Path, *, seed: int = 0) -> Scene:
    """Up to 10,000 texts of the file in a project, read by the bundled encoder here and now."""
    from labeller.learning import services, tasks
    from labeller.projects.models import Project, Role
    from tests.cast import add_texts, join, make_project, make_user

    texts, several = known_texts(path)
    random.Random(seed).shuffle(texts)
    known = {row.text: row.labels for row in texts[:POOL]}
    names = sorted({name for labels in known.values() for name in labels})
    kind = Project.Kind.MULTI if several else Project.Kind.SINGLE
    project, annotator = make_project(kind=kind, labels=names, name="Benchmark"), make_user("annotator")
    join(project, annotator, Role.MANAGER)
    pool = list(known)
    for start in range(0, len(pool), 1000):
        add_texts(project, pool[start : start + 1000])
    run = services.start_embedding(project=project)
    if run is None:
        raise RuntimeError("An embedding run is under way in a house that was empty.")
    tasks.embed(run.pk)
    run.refresh_from_db()
    if run.state != "done":
        raise RuntimeError(f"Reading the texts ended as {run.state}: {run.reason}")
    return Scene(project, annotator, known, dict(project.labels.values_list("name", "id")))

"""What a replay begins with: a project whose texts are imported and read, and that project under a seed and a policy.
Inside the replay's own process and house."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management import call_command

from labeller.annotation.models import Annotation
from labeller.corpus import importing
from labeller.corpus import services as corpus
from labeller.corpus.models import Document
from labeller.corpus.normalise import draw, text_hash
from labeller.learning import services, tasks
from labeller.learning.bridges.replay import Examiner
from labeller.learning.replay.file import Material, read_material
from labeller.learning.replay.kept import Keeper
from labeller.learning.replay.lines import Known, ReplayRefused
from labeller.learning.replay.loop import Plan, Replay
from labeller.learning.replay.wish import Wish
from labeller.projects import labels
from labeller.projects import services as projects
from labeller.projects.models import Project, User


def prepared(*, train: str, test: str | None, keep_in_both: bool) -> Iterator[dict[str, Any]]:
    """Fill an empty house; yields what came in. Raises ReplayRefused."""
    material = _material(train, test, keep_in_both)
    call_command("migrate", verbosity=0)
    person = User.objects.create_user("replay")
    kind = Project.Kind.MULTI if material.multi_label else Project.Kind.SINGLE
    drafts = [labels.Draft(name) for name in material.names]
    try:
        project = projects.create_project(
            name="Replay", kind=kind, encoder=settings.DEFAULT_ENCODER, manager=person, labels=drafts
        )
    except labels.LabelError as error:
        raise ReplayRefused(str(error)) from None
    _import(project, person, material.pool)
    run = project.runs.filter(kind="embed", state="queued").first() or services.start_embedding(project=project)
    assert run is not None
    tasks.embed(run.pk)
    run.refresh_from_db()
    if run.state != "done":
        raise ReplayRefused(f"Reading the texts ended as {run.state}: {run.reason}")
    yield {"pool": len(material.pool), "labels": len(material.names), "test": len(material.test)}


def _import(project: Project, person: User, pool: list[Known]) -> None:
    """Through the import that the page uses, without their labels. Raises ReplayRefused unless each comes in: rivals
    learn from the same texts."""
    lines = (json.dumps({"text": known.text}, ensure_ascii=False) + "\n" for known in pool)
    chunks = (line.encode() for line in lines)
    job = corpus.store_upload(project=project, user=person, file_name="pool.jsonl", chunks=chunks)
    corpus.start_import(job=job, background=False)
    importing.run_import(job.pk)
    job.refresh_from_db()
    if job.state != "done":
        raise ReplayRefused(f"The texts were not imported: {job.reason or job.state}")
    if job.added != len(pool):
        raise ReplayRefused(f"Of {len(pool):,} texts {job.added:,} were imported; {job.refused:,} were refused.")


def replayed(wish: Wish) -> Iterator[dict[str, Any]]:
    """The points of a play, each kept before it is told where that is wished. Raises ReplayRefused."""
    keeper = Keeper(wish) if wish.keep else None
    for point in replay(wish).play():
        yield keeper.keep(point) if keeper else point


def replay(wish: Wish) -> Replay:
    """The prepared project under this seed, policy and audit; draws follow the seed as an import would have it. What
    has been answered there was by an earlier part of this play."""
    material, project = _material(wish.train, wish.test, wish.keep_in_both), Project.objects.get()
    project.seed, project.strategy, project.audit = wish.seed, wish.policy, wish.audit
    project.save(update_fields=["seed", "strategy", "audit"])
    documents = list(Document.objects.only("pk", "text_hash"))
    for document in documents:
        document.draw = draw(project.seed, document.text_hash)
    Document.objects.bulk_update(documents, ["draw"], batch_size=500)
    ids = dict(project.labels.values_list("name", "pk"))
    ordered = list(project.labels.order_by("position", "id").values_list("name", flat=True))
    Y = np.array([[name in known.labels for name in ordered] for known in material.test], np.uint8)
    return Replay(
        project,
        User.objects.get(),
        {text_hash(known.text): [ids[name] for name in known.labels] for known in material.pool},
        Examiner(project, [known.text for known in material.test], Y),
        Plan(
            tuple(wish.labels),
            None if wish.full_at == "auto" else tuple(wish.full_at),
            wish.refit_every,
            wish.found_first,
        ),
        given=Annotation.objects.count(),
    )


def _material(train: str, test: str | None, keep_in_both: bool) -> Material:
    return read_material(Path(train), Path(test) if test else None, keep_in_both=keep_in_both)

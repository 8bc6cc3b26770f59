"""A house of its own for a replay: database, texts and embeddings made once, then a copy for each seed.

    python -m labeller.learning.replay_house < order.json

runs one order (`prepare` or `play`) in a fresh process and prints a JSON object a line. The process that asks may have
a database of its own, so nothing of Django is imported here before LABELLER_HOME points elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labeller.learning.replay import Replay
    from labeller.learning.replay_file import Material

BASE = Path(__file__).resolve().parents[2]
ELSEWHERE = ("LABELLER_DATABASE_URL", "LABELLER_REDIS_URL", "LABELLER_CREW", "Q_CLUSTER_NAME")


class ReplayFailed(RuntimeError):
    """The process of a replay ended with an error; the message is its last line."""


def order(home: Path, do: str, **facts: Any) -> Iterator[dict[str, Any]]:
    """Carry out one order in a process of its own; yields what it prints. Raises ReplayFailed."""
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    environment = kept | {
        "LABELLER_HOME": str(home),
        "LABELLER_LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "labeller.settings",
    }
    command = [sys.executable, "-m", "labeller.learning.replay_house"]
    with subprocess.Popen(
        command, cwd=BASE, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        try:
            process.stdin.write(json.dumps({"do": do} | facts).encode())
            process.stdin.close()
            for line in process.stdout:
                yield json.loads(line)
            complaint = process.stderr.read().decode(errors="replace").strip().splitlines()
        finally:
            process.kill() if process.poll() is None and sys.exc_info()[0] else None
    if process.returncode:
        raise ReplayFailed(complaint[-1] if complaint else f"A replay's process ended with {process.returncode}.")


def prepare(home: Path, train: Path, test: Path | None) -> dict[str, Any]:
    """Make the house that every seed begins with: texts imported, and read by the default encoder."""
    return next(order(home, "prepare", train=str(train), test=str(test) if test else None))


def play(prepared: Path, home: Path, wish: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Points of one seed and policy, in a copy of the prepared house that is removed at the end."""
    shutil.copytree(prepared, home)
    try:
        yield from order(home, "play", **wish)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    wish = json.loads(sys.stdin.read())
    import django

    django.setup()
    from labeller.learning.replay_file import ReplayRefused

    try:
        for said in _prepare(wish) if wish["do"] == "prepare" else _replay(wish).play():
            print(json.dumps(said), flush=True)
    except ReplayRefused as refusal:
        sys.exit(str(refusal))


def _material(wish: dict[str, Any]) -> Material:
    from labeller.learning.replay_file import read_material

    return read_material(Path(wish["train"]), Path(wish["test"]) if wish["test"] else None)


def _prepare(wish: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from django.core.management import call_command

    from labeller.corpus import importing
    from labeller.corpus import services as corpus
    from labeller.learning import services, tasks
    from labeller.learning.replay_file import ReplayRefused
    from labeller.projects import labels
    from labeller.projects import services as projects
    from labeller.projects.models import Project, User

    material = _material(wish)
    call_command("migrate", verbosity=0)
    person = User.objects.create_user("replay")
    kind = Project.Kind.MULTI if material.multi_label else Project.Kind.SINGLE
    from django.conf import settings

    project = projects.create_project(
        name="Replay", kind=kind, encoder=settings.DEFAULT_ENCODER, manager=person, audit=bool(wish.get("audit"))
    )
    labels.add_drafts(project=project, drafts=[labels.Draft(name) for name in material.names])
    lines = (json.dumps({"text": known.text}, ensure_ascii=False) + "\n" for known in material.pool)
    chunks = (line.encode() for line in lines)
    job = corpus.store_upload(project=project, user=person, file_name="pool.jsonl", chunks=chunks)
    corpus.start_import(job=job, background=False)
    importing.run_import(job.pk)
    job.refresh_from_db()
    run = project.runs.filter(kind="embed", state="queued").first() or services.start_embedding(project=project)
    if job.state != "done" or run is None:
        raise ReplayRefused(f"The texts were not imported: {job.reason or job.state}")
    tasks.embed(run.pk)
    run.refresh_from_db()
    if run.state != "done":
        raise ReplayRefused(f"Reading the texts ended as {run.state}: {run.reason}")
    yield {"pool": job.added, "refused": job.refused, "labels": len(material.names), "test": len(material.test)}


def _replay(wish: dict[str, Any]) -> Replay:
    """The prepared project under this seed, policy and audit; draws follow the seed as an import would have it."""
    import numpy as np

    from labeller.corpus.models import Document
    from labeller.corpus.normalise import draw, text_hash
    from labeller.learning.bridge_replay import Examiner
    from labeller.learning.replay import Plan, Replay
    from labeller.projects.models import Project, User

    material, project = _material(wish), Project.objects.get()
    project.seed, project.strategy, project.audit = wish["seed"], wish["policy"], wish["audit"]
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
            tuple(wish["labels"]),
            None if wish["full_at"] == "auto" else tuple(wish["full_at"]),
            wish.get("refit_every", 1),
            wish.get("found_first", False),
        ),
    )


if __name__ == "__main__":
    main()

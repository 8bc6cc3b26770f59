"""A project after half a year: rows as labelling and training leave them, without either."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from hashlib import sha256
from typing import Any

import numpy as np

PEOPLE = 8
MOST_AUDIT = 1500  # audit texts of the newest version; each version's predictions are rows
BATCH = 2000
DAYS = 180


def make_project(*, versions: int, texts: int, annotations: int, labels: int) -> Any:
    """Slug `bench`. Returns its manager."""
    from labeller.projects.models import Label, Membership, Project, Role, User

    project = Project.objects.create(name="Bench", slug="bench", encoder="all-MiniLM-L6-v2", seed=3)
    Label.objects.bulk_create(
        Label(project=project, name=f"Kind {at}", colour="#2f6fb0", hotkey=str(at + 1), position=at)
        for at in range(labels)
    )
    people = [User.objects.create_user(username=f"person{number}", password=None) for number in range(PEOPLE)]
    for number, user in enumerate(people):
        Membership.objects.create(project=project, user=user, role=Role.ANNOTATOR if number else Role.MANAGER)
    rng = random.Random(3)
    ids = _texts(project, texts, rng)
    rng.shuffle(ids)
    _answers(project, people, ids[:annotations], rng)
    audit = ids[: min(MOST_AUDIT, annotations)]
    _versions(project, versions, annotations, audit)
    return people[0]


def _texts(project: Any, count: int, rng: random.Random) -> list[int]:
    from django.utils import timezone

    from labeller.corpus.models import Document, ImportJob

    job = ImportJob.objects.create(
        project=project,
        file_name="pool.jsonl",
        path="pool",
        size=1,
        sha256="0" * 64,
        state="done",
        rows_read=count,
        added=count,
        finished_at=timezone.now(),
    )
    words = ["terms", "change", "notice", "court", "party", "service", "liable", "content", "law", "user", "may", "not"]
    for start in range(0, count, BATCH):
        bodies = [f"{n}. " + " ".join(rng.choices(words, k=rng.randint(8, 60))) for n in range(start, start + BATCH)]
        Document.objects.bulk_create(
            Document(
                project=project,
                text=text,
                text_hash=sha256(text.encode()).hexdigest(),
                draw=rng.random(),
                import_job=job,
                metadata={"source": f"part {rng.randint(1, 6)}"},
            )
            for text in bodies[: count - start]
        )
    return list(Document.objects.filter(project=project).values_list("pk", flat=True))


def _answers(project: Any, people: list[Any], ids: list[int], rng: random.Random) -> None:
    from django.utils import timezone

    from labeller.annotation.models import Annotation, Source

    label_ids = list(project.labels.values_list("pk", flat=True))
    began = timezone.now() - timedelta(days=DAYS)
    through = Annotation.labels.through
    for start in range(0, len(ids), BATCH):
        rows = Annotation.objects.bulk_create(
            Annotation(
                key=uuid.UUID(int=rng.getrandbits(128)),
                project=project,
                document_id=pk,
                annotator=people[rng.randrange(PEOPLE)],
                status="labelled" if rng.random() < 0.95 else "skipped",
                source=Source.AUDIT if place < MOST_AUDIT else Source.ACTIVE,
                seconds=rng.lognormvariate(1.8, 0.9),
            )
            for place, pk in enumerate(ids[start : start + BATCH], start)
        )
        for place, row in enumerate(rows, start):
            row.created_at = began + timedelta(days=DAYS) * (place / len(ids))
        Annotation.objects.bulk_update(rows, ["created_at"], batch_size=200)
        through._default_manager.bulk_create(
            through(annotation_id=row.pk, label_id=rng.choice(label_ids)) for row in rows if row.status == "labelled"
        )


def _versions(project: Any, count: int, annotations: int, audit: list[int]) -> None:
    """Label counts grow as runs do; every fifth version is a full one; the newest full one serves."""
    from django.utils import timezone

    from labeller.learning.models import AuditPrediction, LoopState, ModelVersion
    from modelsvc.evaluation.evaluate import audit_report
    from modelsvc.evaluation.reliability import of_answers

    label_ids = list(project.labels.values_list("pk", flat=True))
    rng, eye = np.random.default_rng(3), np.eye(len(label_ids), dtype=np.uint8)
    truth = rng.integers(len(label_ids), size=len(audit))
    began, serving = timezone.now() - timedelta(days=DAYS), None
    for number in range(1, count + 1):
        share = number / count
        n_labels = max(2, round(annotations * share**3))
        n = max(2, round(len(audit) * share**1.5))
        said = np.where(rng.random(n) < 0.5 + 0.4 * share, truth[:n], rng.integers(len(label_ids), size=n))
        report = audit_report(eye[truth[:n]], eye[said], multi_label=False, seed=number).to_dict()
        proba = np.where(eye[said] > 0, 0.5 + 0.4 * share, (0.5 - 0.4 * share) / (len(label_ids) - 1))
        sure = of_answers(proba, eye[said], eye[truth[:n]], multi_label=False, seed=number)
        report["reliability"] = sure.to_dict() if sure else None
        full = number % 5 == 0
        version = ModelVersion.objects.create(
            project=project,
            number=number,
            kind="full" if full else "quick",
            base=None if full else serving,
            encoder=project.encoder,
            encoder_sha256="0" * 64,
            folder=f"bench/{number}",
            label_ids=label_ids,
            n_labels=n_labels,
            n_audit=n,
            metrics=report,
            scored_how="Cross-fitted: each audit text is scored by a head that has not seen it.",
            settings={"head": "logistic regression, L2"},
            seed=3,
            duration_s=60.0 if full else 0.4,
            promoted_at=timezone.now() if full else None,
        )
        ModelVersion.objects.filter(pk=version.pk).update(created_at=began + timedelta(days=DAYS) * share)
        serving = version if full else serving
        AuditPrediction.objects.bulk_create(
            AuditPrediction(
                version=version,
                document_id=audit[at],
                probabilities=proba[at].round(5).tolist(),
                predicted=[label_ids[said[at]]],
                gold=[label_ids[truth[at]]],
            )
            for at in range(n)
        )
    LoopState.objects.create(project=project, serving=serving)
